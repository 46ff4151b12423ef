-- Takes back 20261122090400_search_results.
drop table public.search_results;
