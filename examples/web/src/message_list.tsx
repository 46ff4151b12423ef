import {
  memo,
  startTransition,
  useDeferredValue,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useChat } from "@ai-sdk/react";
import type { UIMessage } from "ai";
import type { Archived, Conversation } from "./conversation.ts";
import { Message, type MessageActions } from "./message.tsx";
import { useSignal } from "./signal.ts";
import { useText } from "./strings.ts";
import { useNear } from "./widgets.tsx";

/** Messages that are drawn, and left out, together. */
const CHUNK = 10;
/** Pixels from the end within which the list follows what comes. */
const NEAR_END = 120;

interface ChunkProps {
  messages: UIMessage[];
  rows: Archived["rows"];
  /** Id of the message that is being written. */
  streaming: string | undefined;
  actions: MessageActions;
}

const isSame = (a: ChunkProps, b: ChunkProps) =>
  a.actions === b.actions && a.messages.length === b.messages.length &&
  a.messages.every((message, index) =>
    message === b.messages[index] &&
    a.rows.get(message.id) === b.rows.get(message.id) &&
    (a.streaming === message.id) === (b.streaming === message.id)
  );

/** Some messages. Far from what is seen, they are an empty space of the same height. */
const Chunk = memo(({ messages, rows, streaming, actions }: ChunkProps) => {
  const element = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState<number>();
  useNear(element, (isNear) => {
    const now = isNear ? undefined : element.current?.offsetHeight;
    if ((now === undefined) !== (height === undefined)) {
      startTransition(() => setHeight(now));
    }
  }, { margin: "1000px" });
  return (
    <div
      ref={element}
      className="chunk"
      style={{ height }}
      data-messages={messages.map(({ id }) => id).join(" ")}
    >
      {height === undefined && messages.map((message) => (
        <Message
          key={message.id}
          message={message}
          row={rows.get(message.id)}
          isStreaming={streaming === message.id}
          actions={actions}
        />
      ))}
    </div>
  );
}, isSame);

/** Messages in chunks whose borders stay where they are when earlier ones come. */
function chunksOf(
  messages: UIMessage[],
  prepended: number,
): [number, UIMessage[]][] {
  const chunks = new Map<number, UIMessage[]>();
  messages.forEach((message, index) => {
    const number = Math.floor((index - prepended) / CHUNK);
    chunks.set(number, [...chunks.get(number) ?? [], message]);
  });
  return [...chunks];
}

/** The conversation. It begins at its end, and reads on upwards. */
export function MessageList(
  { conversation, actions }: {
    conversation: Conversation;
    actions: MessageActions;
  },
) {
  const t = useText();
  const { messages, status } = useChat({
    chat: conversation.chat,
    throttle: 50,
  });
  const kept = useSignal(conversation.archived);
  // Drawn when there is time: typing and scrolling go first.
  const shown = useDeferredValue(messages);
  const list = useRef<HTMLDivElement>(null);
  const top = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const lastTop = useRef(0);
  const first = useRef<{ id: string | undefined; height: number }>({
    id: undefined,
    height: 0,
  });
  useNear(top, (isNear) => isNear && void conversation.loadEarlier(), {
    margin: "800px",
    version: shown[0]?.id,
  });

  useLayoutEffect(() => {
    const { current: element } = list;
    if (!element) return;
    const height = element.scrollHeight;
    if (first.current.id !== shown[0]?.id && !follows.current) {
      // What came above must not move what is read.
      element.scrollTop += height - first.current.height;
    }
    first.current = { id: shown[0]?.id, height };
    if (follows.current) element.scrollTop = height;
  });
  useEffect(() => {
    if (status === "submitted") follows.current = true;
  }, [status]);
  // Pictures and passages come after their message.
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      if (list.current && follows.current) {
        list.current.scrollTop = list.current.scrollHeight;
      }
    });
    if (list.current?.firstElementChild) {
      observer.observe(list.current.firstElementChild);
    }
    return () => observer.disconnect();
  }, []);

  const last = messages.at(-1);
  const isBusy = status === "submitted" || status === "streaming";
  return (
    <div
      ref={list}
      className="messages"
      tabIndex={0}
      role="log"
      aria-label={t.chat}
      aria-live="off"
      onScroll={(
        { currentTarget: { scrollHeight, scrollTop, clientHeight } },
      ) => {
        // The list may have grown since it was scrolled to its end: only a way up ends the following.
        if (scrollHeight - scrollTop - clientHeight < NEAR_END) follows.current = true;
        else if (scrollTop < lastTop.current) follows.current = false;
        lastTop.current = scrollTop;
        first.current.height = scrollHeight;
      }}
    >
      <div>
        <div ref={top} className="quiet">
          {kept.hasEarlier ? t.earlier : " "}
        </div>
        {chunksOf(shown, kept.prepended).map(([number, some]) => (
          <Chunk
            key={number}
            messages={some}
            rows={kept.rows}
            streaming={isBusy ? last?.id : undefined}
            actions={actions}
          />
        ))}
        <p className="quiet" role="status">
          {isBusy && last?.role === "user" ? t.thinking : ""}
        </p>
      </div>
    </div>
  );
}
