/**
 * How the methods that write work without the server, a row a method.
 *
 * @module
 */
import { createChat, deleteChat, updateChat } from "./rules/chat_rules.ts";
import { uploadDocument, uploadImages } from "./rules/file_rules.ts";
import {
  addSearchResults,
  attachImages,
  deleteDocument,
  deleteImages,
} from "./rules/item_rules.ts";
import { addMessages, deleteMessages, saveMessages, updateMessage } from "./rules/message_rules.ts";

/**
 * The table of rules. Those that `adopt` come in the order in which a chat is made: what is named comes
 * before what names it.
 */
export const RULES = {
  createChat,
  uploadDocument,
  uploadImages,
  addMessages,
  attachImages,
  addSearchResults,
  updateChat,
  updateMessage,
  saveMessages,
  deleteMessages,
  deleteImages,
  deleteDocument,
  deleteChat,
};
