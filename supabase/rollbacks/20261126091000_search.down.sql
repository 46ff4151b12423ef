-- Takes back 20261126091000_search. The entries are made of other rows, and are made anew when it is
-- applied again. The extension stays: others may use it.
-- not data: private.search_entries
drop function public.search_archive(text, uuid, public.search_kind[], boolean, integer, text);
drop type public.found_text;
drop function private.search_snippet(text, text, text, tsquery);
drop function private.search_places(text, text, tsquery, boolean, integer, integer);
drop function private.utf16_length(text);
drop function private.find_texts(text, uuid, public.search_kind[], boolean, integer, text);
drop function private.parse_search(text);
drop function private.rebuild_search();
drop trigger chats_keep_search_entry_on_insert on public.chats;
drop trigger chats_keep_search_entry_on_update on public.chats;
drop trigger chats_remove_search_entries on public.chats;
drop trigger chat_documents_keep_search_entry_on_insert on public.chat_documents;
drop trigger chat_documents_keep_search_entry_on_update on public.chat_documents;
drop trigger chat_documents_remove_search_entries on public.chat_documents;
drop trigger chat_messages_keep_search_entry_on_insert on public.chat_messages;
drop trigger chat_messages_keep_search_entry_on_update on public.chat_messages;
drop trigger chat_messages_remove_search_entries on public.chat_messages;
drop trigger chat_images_keep_search_entry_on_insert on public.chat_images;
drop trigger chat_images_keep_search_entry_on_update on public.chat_images;
drop trigger chat_images_remove_search_entries on public.chat_images;
drop trigger search_results_keep_search_entry_on_insert on public.search_results;
drop trigger search_results_keep_search_entry_on_update on public.search_results;
drop trigger search_results_remove_search_entries on public.search_results;
drop function private.remove_search_entries();
drop function private.keep_search_entry();
drop table private.search_entries;
drop function private.search_keys(uuid, public.search_kind, integer, tsvector);
drop function private.search_key(uuid, public.search_kind, integer, text);
drop function private.search_words(text);
drop function private.search_text(text);
drop function private.unspaced();
drop type public.search_kind;
