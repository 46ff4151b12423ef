import { useCallback, useDeferredValue, useEffect, useRef, useState } from "react";
import type { Chat, ChatCursor, FoundText, SearchPage } from "chat-archive";
import { archive, changes } from "./backend.ts";
import { Icon, IconButton } from "./icons.tsx";
import { newestOnly } from "./newest.ts";
import { useSignal } from "./signal.ts";
import { useText } from "./strings.ts";
import { Failure, FileButton, useNear } from "./widgets.tsx";

const PAGE = 30;
/** Between the last key and the search, in milliseconds. */
const PAUSE_MS = 150;

interface List {
  pinned: Chat[];
  chats: Chat[];
  next: ChatCursor | undefined;
}

const isPinned = ({ metadata }: Chat) => metadata["pinned"] === true;

/** The chats, last active first; read again with every change. */
function useChats(is_archived: boolean) {
  const [list, setList] = useState<List>();
  const [failure, setFailure] = useState<unknown>();
  const version = useSignal(changes);
  const count = useRef(PAGE);
  const which = { order: "updated_at", is_archived } as const;

  const [begin] = useState(newestOnly);
  const read = useCallback(async () => {
    const isNewest = begin();
    try {
      const [pinned, { chats, next }] = await Promise.all([
        archive.listChats({ ...which, metadata: { pinned: true }, limit: 100 }),
        archive.listChats({ ...which, limit: count.current }),
      ]);
      if (!isNewest()) return;
      setList({ pinned: pinned.chats, chats, next });
      setFailure(undefined);
    } catch (error) {
      if (isNewest()) setFailure(error);
    }
  }, [is_archived, begin]);
  useEffect(() => void read(), [read, version]);

  async function more() {
    if (!list?.next) return;
    const { chats, next } = await archive.listChats({ ...which, limit: PAGE, after: list.next });
    const known = new Set(list.chats.map(({ id }) => id));
    const all = [...list.chats, ...chats.filter(({ id }) => !known.has(id))];
    count.current = Math.min(all.length, 1000);
    setList({ ...list, chats: all, next });
  }
  return { list, failure, read, more: () => more().catch(setFailure) };
}

/** What a search finds while it is typed. */
function useSearch(query: string) {
  const [page, setPage] = useState<SearchPage>();
  useEffect(() => {
    setPage(undefined);
    if (!query.trim()) return;
    const over = new AbortController();
    const timer = setTimeout(() => {
      archive.searchPage({ query, include_archived: true, limit: 50, signal: over.signal })
        .then(setPage, () => over.signal.aborted || setPage({ results: [] }));
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      over.abort();
    };
  }, [query]);
  return page;
}

/** A snippet, with what was found marked. */
function Snippet({ snippet, matches }: FoundText) {
  const parts = matches.map(([start, end], index) => (
    <span key={start}>
      {snippet.slice(matches[index - 1]?.[1] ?? 0, start)}
      <mark>{snippet.slice(start, end)}</mark>
    </span>
  ));
  return (
    <span className="snippet">
      {parts}
      {snippet.slice(matches.at(-1)?.[1] ?? 0)}
    </span>
  );
}

function ChatLinks(
  { chats, current }: { chats: Chat[]; current: string | undefined },
) {
  const t = useText();
  return (
    <ul>
      {chats.map((chat) => (
        <li key={chat.id}>
          <a
            href={`#${chat.id}`}
            className="chat-link"
            aria-current={chat.id === current ? "page" : undefined}
          >
            <span className="title">{chat.title}</span>
            {chat.pending && (
              <span className="pending" title={t.pendingMark}>
                <Icon name="wait" />
                <span className="hidden-text">{t.pendingMark}</span>
              </span>
            )}
          </a>
        </li>
      ))}
    </ul>
  );
}

/** Everything on the left: search, chats, and ways to begin one. */
export function ChatList({ current, onNew, onImport, onFound, onAccount }: {
  current: string | undefined;
  onNew: () => void;
  onImport: (file: File) => void;
  onFound: (found: FoundText) => void;
  onAccount: () => void;
}) {
  const t = useText();
  const [query, setQuery] = useState("");
  const [isArchive, setArchive] = useState(false);
  const { list, failure, read, more } = useChats(isArchive);
  const page = useSearch(useDeferredValue(query));
  const end = useRef<HTMLDivElement>(null);
  useNear(end, (isNear) => isNear && void more(), { version: list });
  const rest = list?.chats.filter((chat) => !isPinned(chat)) ?? [];

  return (
    <nav className="chat-list" aria-label={t.chats}>
      <header className="row">
        <h1>{t.name}</h1>
        <IconButton name="user" label={t.account} onClick={onAccount} />
      </header>
      <button type="button" className="primary" onClick={onNew}>
        <Icon name="add" /> {t.newChat}
      </button>
      <input
        type="search"
        value={query}
        placeholder={t.search}
        aria-label={t.search}
        onChange={({ target }) => setQuery(target.value)}
      />
      <div className="scrolling" data-scrolls tabIndex={-1}>
        {query.trim()
          ? (
            <section aria-label={t.search} aria-busy={!page}>
              <p className="quiet" role="status">
                {page &&
                  (page.results.length > 0 ? t.results(page.results.length) : t.nothingFound)}
              </p>
              <ul>
                {page?.results.map((found, index) => (
                  <li key={index}>
                    <button
                      type="button"
                      className="found"
                      onClick={() => onFound(found)}
                    >
                      <span className="quiet">
                        {t.kinds[found.kind]}
                        {found.page_number && ` · ${t.page(found.page_number)}`} ·{" "}
                        {found.chat_title}
                      </span>
                      <Snippet {...found} />
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          )
          : (
            <>
              <Failure error={failure} retry={read} />
              {list && list.pinned.length > 0 && (
                <section>
                  <h2>{t.pinned}</h2>
                  <ChatLinks chats={list.pinned} current={current} />
                </section>
              )}
              <section>
                <h2>{isArchive ? t.archived : t.recent}</h2>
                <ChatLinks chats={rest} current={current} />
                {list && rest.length + list.pinned.length === 0 && (
                  <p className="quiet">
                    {isArchive ? t.noArchived : t.noChats}
                  </p>
                )}
              </section>
              <div ref={end} className="quiet">{list?.next ? t.more : " "}</div>
            </>
          )}
      </div>
      <footer>
        <label className="check">
          <input
            type="checkbox"
            checked={isArchive}
            onChange={({ target }) => setArchive(target.checked)}
          />
          {t.showArchived}
        </label>
        <FileButton
          icon="import"
          label={t.importChat}
          accept=".zip,.json,application/zip,application/json"
          onFile={onImport}
        />
      </footer>
    </nav>
  );
}
