import {
  memo,
  startTransition,
  useDeferredValue,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useChat } from "@ai-sdk/react";
import type { UIMessage } from "ai";
import type { Archived, Conversation } from "./conversation.ts";
import { PAGE } from "./kept_messages.ts";
import { Message, type MessageActions } from "./message.tsx";
import { useSignal } from "./signal.ts";
import { useText } from "./strings.ts";
import { useNear } from "./widgets.tsx";

/** Messages that are drawn, and left out, together. */
const CHUNK = 10;
/** Pixels of a chunk until it is drawn: the least, since at the top of a list it can only grow. */
const LEAST_HEIGHT = 100 * CHUNK;
/** Pixels from the end within which the list follows what comes. */
const NEAR_END = 120;

interface ChunkProps {
  messages: UIMessage[];
  rows: Archived["rows"];
  /** Id of the message that is being written. */
  streaming: string | undefined;
  actions: MessageActions;
  /** Whether many others came with them, between them and what is seen. */
  isFar: boolean;
}

const isSame = (a: ChunkProps, b: ChunkProps) =>
  a.actions === b.actions && a.messages.length === b.messages.length &&
  a.messages.every((message, index) =>
    message === b.messages[index] &&
    a.rows.get(message.id) === b.rows.get(message.id) &&
    (a.streaming === message.id) === (b.streaming === message.id)
  );

/**
 * Some messages. Far from what is seen, they are an empty space of the same height; those that came
 * far above are first a space of the least height.
 */
const Chunk = memo(({ messages, rows, streaming, actions, isFar }: ChunkProps) => {
  const element = useRef<HTMLDivElement>(null);
  const [space, setSpace] = useState(isFar ? LEAST_HEIGHT : undefined);
  const height = useRef(space);
  useNear(element, (isNear) => {
    if (isNear === (space === undefined)) return;
    height.current = element.current!.offsetHeight;
    startTransition(() => setSpace(isNear ? undefined : height.current));
  }, { margin: "1000px" });
  useLayoutEffect(() => {
    const list = element.current!.closest(".messages")!;
    const { top, height: now } = element.current!.getBoundingClientRect();
    // What takes more than its space must not move what is below it, which is being read.
    if (top < list.getBoundingClientRect().bottom) list.scrollTop += now - (height.current ?? now);
  }, [space]);
  return (
    <div
      ref={element}
      className="chunk"
      style={{ height: space }}
      data-messages={messages.map(({ id }) => id).join(" ")}
    >
      {space === undefined && messages.map((message) => (
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

/** Messages in chunks whose borders stay where they are when earlier ones come before an anchor. */
function chunksOf(messages: UIMessage[], anchor: string): [number, UIMessage[]][] {
  const origin = messages.findIndex(({ id }) => id === anchor);
  const chunks = new Map<number, UIMessage[]>();
  for (const [index, message] of messages.entries()) {
    const number = Math.floor((index - origin) / CHUNK);
    const chunk = chunks.get(number);
    if (chunk) chunk.push(message);
    else chunks.set(number, [message]);
  }
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
  const { messages, status } = useChat({ chat: conversation.chat, throttle: 50 });
  const { hasEarlier, rows } = useSignal(conversation.archived);
  // Drawn when there is time: typing and scrolling go first.
  const shown = useDeferredValue(messages);
  const shownRows = useDeferredValue(rows);
  const anchor = useRef("");
  const chunks = useMemo(() => {
    if (!shown.some(({ id }) => id === anchor.current)) anchor.current = shown[0]?.id ?? "";
    return chunksOf(shown, anchor.current);
  }, [shown]);
  const list = useRef<HTMLDivElement>(null);
  const top = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const lastTop = useRef(0);
  const firstChunk = useRef<HTMLElement>(null);
  const firstNumber = useRef(0);
  useNear(top, (isNear) => isNear && void conversation.loadEarlier(), {
    margin: "3000px",
    version: shown[0]?.id,
  });

  useLayoutEffect(() => {
    const { current: element } = list;
    if (!element) return;
    const now = element.querySelector<HTMLElement>(".chunk");
    if (follows.current) element.scrollTop = element.scrollHeight;
    // What came above must not move what is read.
    else if (firstChunk.current?.isConnected && now) {
      element.scrollTop += firstChunk.current.offsetTop - now.offsetTop;
    }
    firstChunk.current = now;
    firstNumber.current = chunks[0]?.[0] ?? 0;
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
  // What is drawn may still be behind what has come.
  const isWritten = isBusy || shown !== conversation.chat.messages;
  const streaming = isWritten && last?.role === "assistant" ? last.id : undefined;
  return (
    <div
      ref={list}
      className="messages"
      data-scrolls
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
      }}
    >
      <div>
        <div ref={top} className="quiet">
          {hasEarlier ? t.earlier : " "}
        </div>
        {chunks.map(([number, some]) => (
          <Chunk
            key={number}
            messages={some}
            rows={shownRows}
            streaming={streaming}
            actions={actions}
            isFar={number < firstNumber.current - PAGE / CHUNK}
          />
        ))}
        <p className="quiet" role="status">
          {isBusy && last?.role === "user" ? t.thinking : ""}
        </p>
      </div>
    </div>
  );
}
