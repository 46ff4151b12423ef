-- Takes back 20261122090300_chat_images. The objects stay in the bucket; only their rows go.
drop table public.chat_images;
