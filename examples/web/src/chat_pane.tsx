import { type FormEvent, type ReactNode, type RefObject, useMemo, useRef, useState } from "react";
import { useChat } from "@ai-sdk/react";
import type { FoundText } from "chat-archive";
import { archive } from "./backend.ts";
import { type Conversation, upload } from "./conversation.ts";
import { DeleteChat } from "./delete_chat.tsx";
import type { View } from "./documents.ts";
import { Icon, IconButton } from "./icons.tsx";
import type { MessageActions } from "./message.tsx";
import { MessageList } from "./message_list.tsx";
import type { Place } from "./passages.tsx";
import { useSignal } from "./signal.ts";
import { useText } from "./strings.ts";
import { Failure, offerFile } from "./widgets.tsx";

/** The title, and what can be done with the chat. */
function ChatHeader({ conversation }: { conversation: Conversation }) {
  const t = useText();
  const { chat: row } = useSignal(conversation.archived);
  const [isRenamed, setRenamed] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const deleted = useRef(false);
  if (!row) {
    return (
      <header className="row">
        <h2>&nbsp;</h2>
      </header>
    );
  }
  const isPinned = row.metadata["pinned"] === true;

  function rename(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const title = String(new FormData(event.currentTarget).get("title")).trim();
    setRenamed(false);
    if (title) void conversation.update({ title });
  }
  const exportAs = (format: "markdown" | "zip") =>
    conversation.attempt(async () => {
      const { name, body } = await archive.exportChat({ chat_id: row.id, format });
      offerFile(
        name ?? `chat.${format === "zip" ? "zip" : "md"}`,
        await new Response(body).blob(),
      );
    });
  return (
    <header className="row chat-header">
      {isRenamed
        ? (
          <form className="row" onSubmit={rename}>
            <input
              name="title"
              defaultValue={row.title}
              aria-label={t.title}
              maxLength={255}
              autoFocus
            />
            <button type="submit" className="primary">{t.save}</button>
            <button type="button" onClick={() => setRenamed(false)}>
              {t.cancel}
            </button>
          </form>
        )
        : (
          <>
            <h2 title={row.title}>{row.title}</h2>
            <IconButton
              name="edit"
              label={t.rename}
              onClick={() => setRenamed(true)}
            />
            <IconButton
              name="pin"
              label={isPinned ? t.unpin : t.pin}
              pressed={isPinned}
              onClick={() =>
                conversation.update({
                  metadata: { ...row.metadata, pinned: !isPinned },
                })}
            />
            <IconButton
              name="archive"
              label={row.is_archived ? t.unarchive : t.archive}
              pressed={row.is_archived}
              onClick={() => conversation.update({ is_archived: !row.is_archived })}
            />
            <IconButton
              name="export"
              label={t.exportMarkdown}
              onClick={() => exportAs("markdown")}
            />
            <IconButton
              name="zip"
              label={t.exportZip}
              onClick={() => exportAs("zip")}
            />
            <IconButton
              name="trash"
              label={t.deleteChat}
              onClick={() => setDeleting(true)}
            />
          </>
        )}
      {isDeleting && (
        <DeleteChat
          id={row.id}
          title={row.title}
          onDeleted={() => deleted.current = true}
          onClose={() => {
            setDeleting(false);
            if (deleted.current) location.hash = "";
          }}
        />
      )}
    </header>
  );
}

/** How far an upload is. */
export function Upload() {
  const t = useText();
  const done = useSignal(upload);
  if (done === undefined) return null;
  return (
    <p className="upload quiet" role="status">
      <progress value={done} /> {t.uploading(Math.round(100 * done))}
    </p>
  );
}

/** Where a question is written. */
function Composer({ isBusy, onAsk, onStop, extra }: {
  isBusy: boolean;
  onAsk: (question: string) => void;
  onStop: () => void;
  extra: ReactNode;
}) {
  const t = useText();
  const [question, setQuestion] = useState("");
  function ask(event?: FormEvent) {
    event?.preventDefault();
    if (!question.trim() || isBusy) return;
    onAsk(question.trim());
    setQuestion("");
  }
  return (
    <form className="composer row" onSubmit={ask}>
      {extra}
      <textarea
        rows={2}
        value={question}
        placeholder={t.askAbout}
        aria-label={t.askAbout}
        onChange={({ target }) => setQuestion(target.value)}
        onKeyDown={(event) => {
          if (
            event.key !== "Enter" || event.shiftKey ||
            event.nativeEvent.isComposing
          ) return;
          ask(event);
        }}
      />
      {isBusy ? <IconButton name="stop" label={t.stop} onClick={onStop} /> : (
        <button
          type="submit"
          className="primary icon-button"
          disabled={!question.trim()}
          aria-label={t.send}
          title={t.send}
        >
          <Icon name="send" />
        </button>
      )}
    </form>
  );
}

/** A conversation about a document. */
export function ChatPane({ conversation, view, onPlace, openers }: {
  conversation: Conversation;
  view: RefObject<() => View | undefined>;
  onPlace: (place: Place) => void;
  /** Buttons that open a document. */
  openers: ReactNode;
}) {
  const t = useText();
  const { chat: row } = useSignal(conversation.archived);
  const failure = useSignal(conversation.failure);
  const { status, messages } = useChat({ chat: conversation.chat, throttle: 50 });
  const isBusy = status === "submitted" || status === "streaming";
  const ask = (question: string) => void conversation.ask(question, view.current?.());
  const actions = useMemo<MessageActions>(() => ({
    onPlace,
    onRemove: (id) => void conversation.remove(id),
    onRegenerate: (id) => void conversation.regenerate(id),
    onEdit: (id, text) => void conversation.edit(id, text),
  }), [conversation, onPlace, view]);

  return (
    <section className="chat" aria-label={t.chat}>
      <ChatHeader conversation={conversation} />
      {row && messages.length === 0
        ? (
          <div className="start">
            {row.documents.length === 0
              ? (
                <>
                  <p>{t.start}</p>
                  <div className="row">{openers}</div>
                </>
              )
              : t.examples.map((question) => (
                <button
                  key={question}
                  type="button"
                  onClick={() => ask(question)}
                >
                  {question}
                </button>
              ))}
          </div>
        )
        : <MessageList conversation={conversation} actions={actions} />}
      <Failure
        error={failure}
        retry={() => void conversation.load()}
        dismiss={() => conversation.failure.set(undefined)}
      />
      <Upload />
      <Composer
        isBusy={isBusy}
        onAsk={ask}
        onStop={() => void conversation.chat.stop()}
        extra={row && row.documents.length > 0 && messages.length > 0 ? openers : null}
      />
    </section>
  );
}

/** Where a search result leads. */
export function placeOf(
  { document_id, page_number, coords_norm }: FoundText,
): Place | undefined {
  return page_number === null ? undefined : { document_id, page_number, boxes: coords_norm ?? [] };
}
