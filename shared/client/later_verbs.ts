/**
 * Verbs that a page calls late or never: an archive loads their code when the first one is called.
 *
 * @module
 */
export { attachImages } from "./attach_images.ts";
export { awaitDeletion } from "./await_deletion.ts";
export { checkConnection } from "./check_connection.ts";
export { deleteAccount } from "./delete_account.ts";
export { deleteChat } from "./delete_chat.ts";
export { deleteDocument } from "./delete_document.ts";
export { deleteImages } from "./delete_images.ts";
export { deleteMessages } from "./delete_messages.ts";
export { download } from "./download.ts";
export { downloadUrls } from "./download_urls.ts";
export { exportChat } from "./export_chat.ts";
export { importChat } from "./import_chat.ts";
export { search } from "./search.ts";
export { searchPage } from "./search_page.ts";
export { uploadDocument } from "./upload_document.ts";
export { uploadImages } from "./upload_images.ts";
export { usage } from "./usage.ts";
