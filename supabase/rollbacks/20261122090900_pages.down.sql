-- Takes back 20261122090900_pages.
drop function public.chat_images_page(uuid, boolean, bigint, bigint, integer, integer);
drop function public.search_results_page(uuid, boolean, bigint, bigint, integer, integer);
drop function public.chat_messages_page(uuid, bigint, integer, integer);
