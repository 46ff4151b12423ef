-- Takes back 20261126090700_pages_and_export.
drop function public.export_part(timestamptz, uuid, integer, integer, bigint);
drop function public.chat_images_page(uuid, public.item_scope, bigint, bigint, integer, integer);
drop function public.search_results_page(uuid, public.item_scope, bigint, bigint, integer, integer);
drop type public.item_scope;
drop function public.history_page(uuid, bigint, bigint, boolean, integer, integer);
drop function public.chat_messages_page(uuid, bigint, bigint, boolean, integer, integer);
