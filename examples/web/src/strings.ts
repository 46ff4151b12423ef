/**
 * What the page says, in English and Russian.
 *
 * @module
 */
import { createSignal, useSignal } from "./signal.ts";

const en = {
  name: "Chat archive",
  tagline: "Chats about documents, kept with the places that they speak of.",
  // Sign-in
  email: "E-mail",
  password: "Password",
  signIn: "Sign in",
  signUp: "Create an account",
  signOut: "Sign out",
  demoUser: "Continue as the demo user",
  or: "or",
  // Lists
  chats: "Chats",
  chat: "Chat",
  document: "Document",
  newChat: "New chat",
  search: "Search all chats",
  pinned: "Pinned",
  recent: "Recent",
  archived: "Archived",
  showArchived: "Archived chats",
  noChats: "No chats yet. Start one with a PDF of yours, or with the sample.",
  noArchived: "Nothing is archived.",
  nothingFound: "Nothing is found. Try another word, or its beginning.",
  results: (n: number) => `${n} results`,
  kinds: {
    title: "Chat",
    message: "Message",
    image: "Image",
    document: "Document",
    search_result: "Passage",
  },
  more: "Loading more …",
  importChat: "Import a chat",
  // Chat
  openPdf: "Open a PDF",
  openSample: "Open the sample",
  untitled: "Untitled chat",
  sampleName: "bzip2-manual.pdf",
  start: "Open a document, then ask about it.",
  startHint:
    "It stays in this project: pages are read in your browser, bytes go to the project's bucket.",
  pickChat: "Choose a chat, or start a new one.",
  askAbout: "Ask about the document",
  examples: [
    "What does the block size affect?",
    "Can data be recovered from damaged files?",
  ],
  send: "Send",
  stop: "Stop",
  stopped: "Stopped",
  you: "You",
  assistant: "Assistant",
  noModel: "No language model: passages of the document, quoted",
  copy: "Copy",
  copied: "Copied",
  edit: "Edit",
  save: "Save",
  cancel: "Cancel",
  close: "Close",
  remove: "Delete message",
  regenerate: "Other passages",
  pendingMark: "Not on the server yet",
  earlier: "Earlier messages",
  toEnd: "To the end",
  passages: "Passages",
  images: "Images",
  page: (n: number) => `Page ${n}`,
  pageOf: (n: number, of: number) => `Page ${n} of ${of}`,
  imageTypes: { page: "page", crop: "crop", viewport: "what was in view" } as Record<
    string,
    string
  >,
  showPlace: (n: number) => `Show the place on page ${n}`,
  uploading: (percent: number) => `Uploading … ${percent} %`,
  thinking: "Looking through the document …",
  foundPassages: (n: number) =>
    n === 1
      ? "One passage of the document matches your question:"
      : `${n} passages of the document match your question, the best one first:`,
  foundNothing:
    "No passage of the document has the words of your question. Try other words, or ask about " +
    "something that it says.",
  noDocument: "This chat has no document yet. Open one, and ask again.",
  rename: "Rename",
  title: "Title",
  pin: "Pin",
  unpin: "Unpin",
  archive: "Archive",
  unarchive: "Back from the archive",
  exportMarkdown: "Export as Markdown",
  exportZip: "Export as zip",
  deleteChat: "Delete the chat",
  deleteQuestion: (title: string) => `Delete “${title}” with all of its files?`,
  deleteHint: "Messages, passages, images and documents go, and can't be brought back.",
  deleting: "Deleting …",
  receipt: "Receipt",
  objectsDeleted: "Objects removed from the bucket",
  objectsPending: "Objects still there",
  deletedAll: "Done: the bucket holds nothing of this chat.",
  deletedSoon: "The rows are gone; the worker removes the remaining bytes. This waits for it.",
  deletedLater: "Deleted on this device. The server follows when it can be reached.",
  // Reader
  opening: "Opening the document …",
  noDocumentYet: "This chat has no document.",
  // Account
  account: "Account",
  usage: "Usage",
  quota: (used: string, most: string) => `${used} of ${most}`,
  usageNames: { chats: "Chats", text: "Text", objects: "Files", bytes: "Bytes of files" },
  health: "Health",
  healthNames: { database: "Database", storage: "Bucket", cleanup: "Cleanup" },
  states: { ok: "in order", degraded: "degraded", down: "down", disabled: "off" },
  language: "Language",
  theme: "Theme",
  themes: { system: "As the system", light: "Light", dark: "Dark" },
  online: "Online",
  offline: "Offline",
  goOffline: "Connection to the server",
  pending: (n: number) => n === 1 ? "1 change waits" : `${n} changes wait`,
  // Errors
  failed: "That did not work.",
  tryAgain: "Try again",
  dismiss: "Dismiss",
  errors: {
    database_unavailable: "The server can't be reached. What you write is kept on this device.",
    not_found: "It is not there any more. Another device may have deleted it.",
    payload_too_large: "The file is too large.",
    unsupported_media_type: "This is not a PDF. Choose a file that ends in .pdf.",
    quota_exceeded: "Your quota is used up. Delete something, and try again.",
    rate_limited: "Too many requests. Wait a moment, and try again.",
    storage_unavailable: "The bucket can't be reached. Try again later.",
    upload_mismatch: "The file changed while it was sent. Choose it again.",
    conflict: "Another device changed the same thing. Reload to see its version.",
    unauthorized: "You are signed out. Sign in again.",
  } as Record<string, string>,
};

/** Everything that the page says. */
export type Strings = typeof en;

/** The form of a Russian noun after a number. */
function form(n: number, one: string, few: string, many: string): string {
  const rule = new Intl.PluralRules("ru").select(n);
  return `${n} ${rule === "one" ? one : rule === "few" ? few : many}`;
}

const ru: Strings = {
  name: "Архив чатов",
  tagline: "Чаты о документах вместе с местами, о которых в них речь.",
  email: "Эл. почта",
  password: "Пароль",
  signIn: "Войти",
  signUp: "Создать учётную запись",
  signOut: "Выйти",
  demoUser: "Продолжить как демо-пользователь",
  or: "или",
  chats: "Чаты",
  chat: "Чат",
  document: "Документ",
  newChat: "Новый чат",
  search: "Поиск по всем чатам",
  pinned: "Закреплённые",
  recent: "Недавние",
  archived: "В архиве",
  showArchived: "Чаты в архиве",
  noChats: "Чатов пока нет. Начните с вашего PDF или с примера.",
  noArchived: "В архиве пусто.",
  nothingFound: "Ничего не найдено. Попробуйте другое слово или его начало.",
  results: (n) => form(n, "результат", "результата", "результатов"),
  kinds: {
    title: "Чат",
    message: "Сообщение",
    image: "Изображение",
    document: "Документ",
    search_result: "Фрагмент",
  },
  more: "Загружаю ещё …",
  importChat: "Импорт чата",
  openPdf: "Открыть PDF",
  openSample: "Открыть пример",
  untitled: "Чат без названия",
  sampleName: "bzip2-manual.pdf",
  start: "Откройте документ и спросите о нём.",
  startHint:
    "Он остаётся в этом проекте: страницы читает ваш браузер, байты уходят в бакет проекта.",
  pickChat: "Выберите чат или начните новый.",
  askAbout: "Спросите о документе",
  examples: [
    "What does the block size affect?",
    "Can data be recovered from damaged files?",
  ],
  send: "Отправить",
  stop: "Остановить",
  stopped: "Остановлен",
  you: "Вы",
  assistant: "Ассистент",
  noModel: "Без языковой модели: цитаты из документа",
  copy: "Копировать",
  copied: "Скопировано",
  edit: "Изменить",
  save: "Сохранить",
  cancel: "Отмена",
  close: "Закрыть",
  remove: "Удалить сообщение",
  regenerate: "Другие фрагменты",
  pendingMark: "Ещё не на сервере",
  earlier: "Более ранние сообщения",
  toEnd: "В конец",
  passages: "Фрагменты",
  images: "Изображения",
  page: (n) => `Страница ${n}`,
  pageOf: (n, of) => `Страница ${n} из ${of}`,
  imageTypes: { page: "страница", crop: "вырезка", viewport: "что было на экране" },
  showPlace: (n) => `Показать место на странице ${n}`,
  uploading: (percent) => `Загрузка … ${percent} %`,
  thinking: "Ищу в документе …",
  foundPassages: (n) =>
    `Вопросу ${n === 1 ? "соответствует" : "соответствуют"} ${
      form(n, "фрагмент", "фрагмента", "фрагментов")
    } документа, лучший первым:`,
  foundNothing:
    "Слов вашего вопроса в документе нет. Попробуйте другие слова или спросите о том, что в нём есть.",
  noDocument: "В этом чате ещё нет документа. Откройте его и спросите снова.",
  rename: "Переименовать",
  title: "Название",
  pin: "Закрепить",
  unpin: "Открепить",
  archive: "В архив",
  unarchive: "Вернуть из архива",
  exportMarkdown: "Экспорт в Markdown",
  exportZip: "Экспорт в zip",
  deleteChat: "Удалить чат",
  deleteQuestion: (title) => `Удалить «${title}» со всеми файлами?`,
  deleteHint: "Сообщения, фрагменты, изображения и документы удаляются безвозвратно.",
  deleting: "Удаляю …",
  receipt: "Квитанция",
  objectsDeleted: "Удалено объектов из бакета",
  objectsPending: "Осталось объектов",
  deletedAll: "Готово: в бакете ничего от этого чата не осталось.",
  deletedSoon: "Строки удалены; оставшиеся байты удаляет воркер, ждём его.",
  deletedLater: "Удалено на этом устройстве. Сервер последует, когда будет доступен.",
  opening: "Открываю документ …",
  noDocumentYet: "В этом чате нет документа.",
  account: "Учётная запись",
  usage: "Занято",
  quota: (used, most) => `${used} из ${most}`,
  usageNames: { chats: "Чаты", text: "Текст", objects: "Файлы", bytes: "Байты файлов" },
  health: "Состояние",
  healthNames: { database: "База данных", storage: "Бакет", cleanup: "Очистка" },
  states: { ok: "в порядке", degraded: "с перебоями", down: "недоступно", disabled: "выключено" },
  language: "Язык",
  theme: "Тема",
  themes: { system: "Как в системе", light: "Светлая", dark: "Тёмная" },
  online: "В сети",
  offline: "Не в сети",
  goOffline: "Связь с сервером",
  pending: (n) => `${n === 1 ? "ждёт" : "ждут"} ${form(n, "изменение", "изменения", "изменений")}`,
  failed: "Не получилось.",
  tryAgain: "Повторить",
  dismiss: "Скрыть",
  errors: {
    database_unavailable: "Сервер недоступен. Написанное сохраняется на этом устройстве.",
    not_found: "Этого больше нет: возможно, удалено на другом устройстве.",
    payload_too_large: "Файл слишком велик.",
    unsupported_media_type: "Это не PDF. Выберите файл с расширением .pdf.",
    quota_exceeded: "Квота исчерпана. Удалите что-нибудь и повторите.",
    rate_limited: "Слишком много запросов. Подождите немного и повторите.",
    storage_unavailable: "Бакет недоступен. Повторите позже.",
    upload_mismatch: "Файл изменился во время отправки. Выберите его снова.",
    conflict: "То же самое изменило другое устройство. Обновите страницу.",
    unauthorized: "Вы вышли. Войдите снова.",
  },
};

export type Language = "en" | "ru";
const STRINGS: Record<Language, Strings> = { en, ru };

const preferred = navigator.language.startsWith("ru") ? "ru" : "en";

/** The language in use; kept by the browser. */
export const language = createSignal<Language>(
  localStorage.getItem("language") === "ru"
    ? "ru"
    : localStorage.getItem("language") === "en"
    ? "en"
    : preferred,
);

language.subscribe(() => {
  localStorage.setItem("language", language.get());
  document.documentElement.lang = language.get();
});
document.documentElement.lang = language.get();

/** What the page says now. */
export const text = (): Strings => STRINGS[language.get()];

/** The same, in a component that follows the language. */
export const useText = (): Strings => STRINGS[useSignal(language)];

/** An error, in words that say what to do. */
export function messageOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return text().errors[code ?? ""] ?? `${text().failed} ${message ?? ""}`;
}
