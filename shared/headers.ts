/** Header of a part of all chats (export-chat) that is not the last one: pass it as `after`. */
export const NEXT_AFTER_HEADER = "x-next-after";
