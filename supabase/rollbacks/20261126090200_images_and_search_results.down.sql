-- Takes back 20261126090200_images_and_search_results. The objects stay in the bucket; only their rows
-- go.
drop table public.search_results;
drop table public.chat_images;
