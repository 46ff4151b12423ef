import { type FormEvent, memo, useState } from "react";
import type { UIMessage } from "ai";
import Markdown from "react-markdown";
import type { MessageWithItems } from "chat-archive";
import { Icon, IconButton } from "./icons.tsx";
import { textOf } from "./kept_messages.ts";
import { Passages, type Place } from "./passages.tsx";
import { useText } from "./strings.ts";

/** What can be done with a message. */
export interface MessageActions {
  onPlace(place: Place): void;
  onRemove(id: string): void;
  onRegenerate(id: string): void;
  onEdit(id: string, text: string): void;
}

/** Pictures in an answer would be requests that the reader has not asked for: none is loaded. */
const NOT_SHOWN = ["img"];

function EditForm(
  { text, onSave, onCancel }: {
    text: string;
    onSave: (text: string) => void;
    onCancel: () => void;
  },
) {
  const t = useText();
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const changed = String(new FormData(event.currentTarget).get("text"))
      .trim();
    if (changed) onSave(changed);
  }
  return (
    <form onSubmit={submit}>
      <textarea
        name="text"
        defaultValue={text}
        aria-label={t.edit}
        rows={3}
        autoFocus
      />
      <div className="row">
        <button type="submit" className="primary">{t.save}</button>
        <button type="button" onClick={onCancel}>{t.cancel}</button>
      </div>
    </form>
  );
}

/** A question or an answer, with what belongs to it. */
export const Message = memo(
  ({ message, row, isStreaming, actions }: {
    message: UIMessage;
    /** What the archive has of it. */
    row: MessageWithItems | undefined;
    isStreaming: boolean;
    actions: MessageActions;
  }) => {
    const t = useText();
    const [isEdited, setEdited] = useState(false);
    const [isCopied, setCopied] = useState(false);
    const text = textOf(message);
    const isAnswer = message.role === "assistant";
    const { made_by } = (message.metadata ?? {}) as { made_by?: string };

    async function copy() {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    }
    return (
      <article
        className={`message ${message.role}`}
        id={`message-${message.id}`}
        aria-busy={isStreaming}
        tabIndex={-1}
      >
        <header>
          <strong>{isAnswer ? t.assistant : t.you}</strong>
          {made_by === "retrieval" && <span className="badge">{t.noModel}</span>}
          {row?.status === "incomplete" && <span className="badge">{t.stopped}</span>}
          {row?.pending && (
            <span className="pending">
              <Icon name="wait" /> {t.pendingMark}
            </span>
          )}
        </header>
        {isEdited
          ? (
            <EditForm
              text={text}
              onCancel={() => setEdited(false)}
              onSave={(changed) => {
                setEdited(false);
                actions.onEdit(message.id, changed);
              }}
            />
          )
          : isAnswer
          ? (
            <div className="text">
              <Markdown disallowedElements={NOT_SHOWN}>{text}</Markdown>
            </div>
          )
          : <p className="text plain">{text}</p>}
        {!isStreaming && !isEdited && (
          <footer className="row">
            <IconButton
              name="copy"
              label={isCopied ? t.copied : t.copy}
              onClick={copy}
            />
            {isAnswer
              ? (
                <IconButton
                  name="redo"
                  label={t.regenerate}
                  onClick={() => actions.onRegenerate(message.id)}
                />
              )
              : (
                <IconButton
                  name="edit"
                  label={t.edit}
                  onClick={() => setEdited(true)}
                />
              )}
            <IconButton
              name="trash"
              label={t.remove}
              onClick={() => actions.onRemove(message.id)}
            />
            {isCopied && <span role="status" className="quiet">{t.copied}</span>}
          </footer>
        )}
        {/* They come when the answer is kept: below all else, they move nothing. */}
        {row && <Passages message={row} onPlace={actions.onPlace} />}
      </article>
    );
  },
);
