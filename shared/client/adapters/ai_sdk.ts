/**
 * Chats of the AI SDK (`ai` and `@ai-sdk/react`, versions 5 to 7): messages go in and come out equal.
 *
 * @module
 */
export { type ChatVerbs, findChat } from "./framework_ids.ts";
export { type ChatSaver, chatSaver, type ChatSaverOptions } from "./ai_sdk/chat_saver.ts";
export { type LoadChat, loadChat, type LoadVerbs } from "./ai_sdk/load_chat.ts";
export { type SaveChat, saveChat, type SavedChat, type SaveVerbs } from "./ai_sdk/save_chat.ts";
export type { UIMessage } from "./ui_message.ts";
