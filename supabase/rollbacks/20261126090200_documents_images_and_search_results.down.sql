-- Takes back 20261126090200_documents_images_and_search_results. The objects stay in the bucket; only
-- their rows go.
drop table public.search_results;
drop table public.chat_images;
drop table public.chat_documents;
drop function private.keep_document_path();
