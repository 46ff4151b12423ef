import { useEffect, useRef, useState } from "react";
import type { Deletion } from "chat-archive";
import { archive, changed } from "./backend.ts";
import { useText } from "./strings.ts";
import { Dialog, Failure } from "./widgets.tsx";

/** Asks, deletes, and shows the receipt until the bucket holds nothing of the chat. */
export function DeleteChat(
  { id, title, onDeleted, onClose }: {
    id: string;
    title: string;
    onDeleted: () => void;
    onClose: () => void;
  },
) {
  const t = useText();
  const [receipt, setReceipt] = useState<Deletion & { pending?: true }>();
  const [failure, setFailure] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const over = useRef(new AbortController());
  useEffect(() => () => over.current.abort(), []);

  async function remove() {
    setBusy(true);
    setFailure(undefined);
    try {
      const first = await archive.deleteChat({ id });
      setReceipt(first);
      changed();
      onDeleted();
      if (first.status === "pending" && !first.pending) {
        setReceipt(
          await archive.awaitDeletion({ id, signal: over.current.signal }),
        );
      }
    } catch (error) {
      if (!over.current.signal.aborted) setFailure(error);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Dialog title={t.deleteQuestion(title)} onClose={onClose}>
      <Failure error={failure} retry={remove} />
      {receipt
        ? (
          <div role="status">
            <h3>{t.receipt}</h3>
            <dl>
              <dt>{t.objectsDeleted}</dt>
              <dd data-testid="objects-deleted">{receipt.objects_deleted}</dd>
              <dt>{t.objectsPending}</dt>
              <dd data-testid="objects-pending">{receipt.objects_pending}</dd>
            </dl>
            <p>
              {receipt.pending
                ? t.deletedLater
                : receipt.status === "done"
                ? t.deletedAll
                : t.deletedSoon}
            </p>
          </div>
        )
        : (
          <>
            <p>{t.deleteHint}</p>
            <button
              type="button"
              className="danger"
              disabled={isBusy}
              onClick={remove}
            >
              {isBusy ? t.deleting : t.deleteChat}
            </button>
          </>
        )}
    </Dialog>
  );
}
