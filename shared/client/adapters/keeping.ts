/**
 * What saves messages. It is loaded with the first save: a page that shows a chat needs none of it.
 *
 * @module
 */
export { formattedMessage, rowStatusOf, uiMessageOf } from "./assistant_ui/kept_message.ts";
export { keepMessages } from "./keep_messages.ts";
export { openChat } from "./open_chat.ts";
export { rowIdsOf } from "./row_ids.ts";
export { assertJson, assertMessages, titleOf } from "./row_of_message.ts";
