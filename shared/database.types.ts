export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  "public": {
    Tables: {
      "chat_documents": {
        Row: {
          "chat_id": string;
          "content_type": string;
          "file_size": number;
          "id": string;
          "metadata": NonNullable<Json>;
          "name": string;
          "page_count": number | null;
          "s3_path": string;
          "seq": number;
          "sha256": string | null;
          "uploaded_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "chat_id": string;
          "content_type": string;
          "file_size": number;
          "id": string;
          "metadata"?: NonNullable<Json>;
          "name": string;
          "page_count"?: number | null;
          "s3_path": string;
          "seq"?: number;
          "sha256"?: string | null;
          "uploaded_at"?: string;
          "user_id": string;
        };
        Update: {
          "chat_id"?: string;
          "content_type"?: string;
          "file_size"?: number;
          "id"?: string;
          "metadata"?: NonNullable<Json>;
          "name"?: string;
          "page_count"?: number | null;
          "s3_path"?: string;
          "seq"?: number;
          "sha256"?: string | null;
          "uploaded_at"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "chat_documents_chat_fkey";
            columns: ["chat_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "chats";
            referencedColumns: ["id", "user_id"];
          },
        ];
      };
      "chat_images": {
        Row: {
          "bytes": number;
          "chat_id": string;
          "content_type": string;
          "coords_norm": Json | null;
          "description": string | null;
          "document_id": string | null;
          "file_size": number;
          "height": number | null;
          "id": string;
          "image_name": string;
          "image_type": string;
          "message_id": string | null;
          "page_number": number | null;
          "s3_path": string;
          "s3_url": string | null;
          "seq": number;
          "sha256": string | null;
          "uploaded_at": string;
          "user_id": string;
          "width": number | null;
        };
        ComputedFields: never;
        Insert: {
          "bytes"?: never;
          "chat_id": string;
          "content_type": string;
          "coords_norm"?: Json | null;
          "description"?: string | null;
          "document_id"?: string | null;
          "file_size": number;
          "height"?: number | null;
          "id": string;
          "image_name": string;
          "image_type"?: string;
          "message_id"?: string | null;
          "page_number"?: number | null;
          "s3_path": string;
          "s3_url"?: string | null;
          "seq"?: number;
          "sha256"?: string | null;
          "uploaded_at"?: string;
          "user_id": string;
          "width"?: number | null;
        };
        Update: {
          "bytes"?: never;
          "chat_id"?: string;
          "content_type"?: string;
          "coords_norm"?: Json | null;
          "description"?: string | null;
          "document_id"?: string | null;
          "file_size"?: number;
          "height"?: number | null;
          "id"?: string;
          "image_name"?: string;
          "image_type"?: string;
          "message_id"?: string | null;
          "page_number"?: number | null;
          "s3_path"?: string;
          "s3_url"?: string | null;
          "seq"?: number;
          "sha256"?: string | null;
          "uploaded_at"?: string;
          "user_id"?: string;
          "width"?: number | null;
        };
        Relationships: [
          {
            foreignKeyName: "chat_images_chat_fkey";
            columns: ["chat_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "chats";
            referencedColumns: ["id", "user_id"];
          },
          {
            foreignKeyName: "chat_images_document_fkey";
            columns: ["document_id", "chat_id"];
            isOneToOne: false;
            referencedRelation: "chat_documents";
            referencedColumns: ["id", "chat_id"];
          },
          {
            foreignKeyName: "chat_images_message_fkey";
            columns: ["message_id", "chat_id"];
            isOneToOne: false;
            referencedRelation: "chat_messages";
            referencedColumns: ["id", "chat_id"];
          },
        ];
      };
      "chat_messages": {
        Row: {
          "bytes": number;
          "chat_id": string;
          "content": string;
          "created_at": string;
          "external_id": string | null;
          "id": string;
          "message_type": string;
          "metadata": NonNullable<Json>;
          "parent_id": string | null;
          "parts": Json | null;
          "role": string;
          "seq": number;
          "status": string;
          "updated_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "bytes"?: never;
          "chat_id": string;
          "content": string;
          "created_at"?: string;
          "external_id"?: string | null;
          "id"?: string;
          "message_type"?: string;
          "metadata"?: NonNullable<Json>;
          "parent_id"?: string | null;
          "parts"?: Json | null;
          "role": string;
          "seq"?: number;
          "status"?: string;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Update: {
          "bytes"?: never;
          "chat_id"?: string;
          "content"?: string;
          "created_at"?: string;
          "external_id"?: string | null;
          "id"?: string;
          "message_type"?: string;
          "metadata"?: NonNullable<Json>;
          "parent_id"?: string | null;
          "parts"?: Json | null;
          "role"?: string;
          "seq"?: number;
          "status"?: string;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "chat_messages_chat_fkey";
            columns: ["chat_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "chats";
            referencedColumns: ["id", "user_id"];
          },
          {
            foreignKeyName: "chat_messages_parent_fkey";
            columns: ["parent_id", "chat_id"];
            isOneToOne: false;
            referencedRelation: "chat_messages";
            referencedColumns: ["id", "chat_id"];
          },
        ];
      };
      "chats": {
        Row: {
          "created_at": string;
          "description": string | null;
          "document_path": string | null;
          "external_id": string | null;
          "id": string;
          "is_archived": boolean;
          "metadata": NonNullable<Json>;
          "title": string;
          "updated_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "description"?: string | null;
          "document_path"?: string | null;
          "external_id"?: string | null;
          "id"?: string;
          "is_archived"?: boolean;
          "metadata"?: NonNullable<Json>;
          "title": string;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Update: {
          "created_at"?: string;
          "description"?: string | null;
          "document_path"?: string | null;
          "external_id"?: string | null;
          "id"?: string;
          "is_archived"?: boolean;
          "metadata"?: NonNullable<Json>;
          "title"?: string;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [];
      };
      "quotas": {
        Row: {
          "id": string;
          "max_chats": number | null;
          "max_file_bytes": number | null;
          "max_objects": number | null;
          "max_text_bytes": number | null;
          "user_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "id"?: string;
          "max_chats"?: number | null;
          "max_file_bytes"?: number | null;
          "max_objects"?: number | null;
          "max_text_bytes"?: number | null;
          "user_id"?: string | null;
        };
        Update: {
          "id"?: string;
          "max_chats"?: number | null;
          "max_file_bytes"?: number | null;
          "max_objects"?: number | null;
          "max_text_bytes"?: number | null;
          "user_id"?: string | null;
        };
        Relationships: [];
      };
      "search_results": {
        Row: {
          "block_id": string;
          "block_text": string | null;
          "bytes": number;
          "chat_id": string;
          "coords_norm": Json | null;
          "coords_px": Json | null;
          "created_at": string;
          "document_id": string | null;
          "id": string;
          "message_id": string | null;
          "metadata": NonNullable<Json>;
          "page_number": number;
          "score": number | null;
          "seq": number;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "block_id": string;
          "block_text"?: string | null;
          "bytes"?: never;
          "chat_id": string;
          "coords_norm"?: Json | null;
          "coords_px"?: Json | null;
          "created_at"?: string;
          "document_id"?: string | null;
          "id"?: string;
          "message_id"?: string | null;
          "metadata"?: NonNullable<Json>;
          "page_number": number;
          "score"?: number | null;
          "seq"?: number;
          "user_id"?: string;
        };
        Update: {
          "block_id"?: string;
          "block_text"?: string | null;
          "bytes"?: never;
          "chat_id"?: string;
          "coords_norm"?: Json | null;
          "coords_px"?: Json | null;
          "created_at"?: string;
          "document_id"?: string | null;
          "id"?: string;
          "message_id"?: string | null;
          "metadata"?: NonNullable<Json>;
          "page_number"?: number;
          "score"?: number | null;
          "seq"?: number;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "search_results_chat_fkey";
            columns: ["chat_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "chats";
            referencedColumns: ["id", "user_id"];
          },
          {
            foreignKeyName: "search_results_document_fkey";
            columns: ["document_id", "chat_id"];
            isOneToOne: false;
            referencedRelation: "chat_documents";
            referencedColumns: ["id", "chat_id"];
          },
          {
            foreignKeyName: "search_results_message_fkey";
            columns: ["message_id", "chat_id"];
            isOneToOne: false;
            referencedRelation: "chat_messages";
            referencedColumns: ["id", "chat_id"];
          },
        ];
      };
      "storage_deletions": {
        Row: {
          "attempts": number;
          "chat_id": string | null;
          "created_at": string;
          "dead_at": string | null;
          "done_at": string | null;
          "id": string;
          "is_prefix": boolean;
          "last_error": string | null;
          "locked_until": string | null;
          "not_before": string;
          "objects_deleted": number;
          "reason": string;
          "sweeps_left": number;
          "target": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "attempts"?: number;
          "chat_id"?: string | null;
          "created_at"?: string;
          "dead_at"?: string | null;
          "done_at"?: string | null;
          "id"?: string;
          "is_prefix"?: boolean;
          "last_error"?: string | null;
          "locked_until"?: string | null;
          "not_before"?: string;
          "objects_deleted"?: number;
          "reason": string;
          "sweeps_left"?: number;
          "target": string;
          "user_id": string;
        };
        Update: {
          "attempts"?: number;
          "chat_id"?: string | null;
          "created_at"?: string;
          "dead_at"?: string | null;
          "done_at"?: string | null;
          "id"?: string;
          "is_prefix"?: boolean;
          "last_error"?: string | null;
          "locked_until"?: string | null;
          "not_before"?: string;
          "objects_deleted"?: number;
          "reason"?: string;
          "sweeps_left"?: number;
          "target"?: string;
          "user_id"?: string;
        };
        Relationships: [];
      };
      "uploads": {
        Row: {
          "attempts": number;
          "chat_id": string;
          "closes_at": string;
          "content_type": string;
          "coords_norm": Json | null;
          "created_at": string;
          "description": string | null;
          "document_id": string | null;
          "expires_at": string;
          "expires_in": number;
          "file_name": string;
          "file_size": number;
          "height": number | null;
          "id": string;
          "image_type": string;
          "imported": boolean;
          "incoming_number": number;
          "incoming_path": string;
          "kind": string;
          "message_id": string | null;
          "page_count": number | null;
          "page_number": number | null;
          "sha256": string | null;
          "status": string;
          "user_id": string;
          "width": number | null;
        };
        ComputedFields: never;
        Insert: {
          "attempts"?: number;
          "chat_id": string;
          "closes_at"?: never;
          "content_type": string;
          "coords_norm"?: Json | null;
          "created_at"?: string;
          "description"?: string | null;
          "document_id"?: string | null;
          "expires_at"?: string;
          "expires_in"?: number;
          "file_name": string;
          "file_size": number;
          "height"?: number | null;
          "id"?: string;
          "image_type"?: string;
          "imported"?: boolean;
          "incoming_number"?: number;
          "incoming_path"?: never;
          "kind"?: string;
          "message_id"?: string | null;
          "page_count"?: number | null;
          "page_number"?: number | null;
          "sha256"?: string | null;
          "status"?: string;
          "user_id"?: string;
          "width"?: number | null;
        };
        Update: {
          "attempts"?: number;
          "chat_id"?: string;
          "closes_at"?: never;
          "content_type"?: string;
          "coords_norm"?: Json | null;
          "created_at"?: string;
          "description"?: string | null;
          "document_id"?: string | null;
          "expires_at"?: string;
          "expires_in"?: number;
          "file_name"?: string;
          "file_size"?: number;
          "height"?: number | null;
          "id"?: string;
          "image_type"?: string;
          "imported"?: boolean;
          "incoming_number"?: number;
          "incoming_path"?: never;
          "kind"?: string;
          "message_id"?: string | null;
          "page_count"?: number | null;
          "page_number"?: number | null;
          "sha256"?: string | null;
          "status"?: string;
          "user_id"?: string;
          "width"?: number | null;
        };
        Relationships: [
          {
            foreignKeyName: "uploads_chat_fkey";
            columns: ["chat_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "chats";
            referencedColumns: ["id", "user_id"];
          },
          {
            foreignKeyName: "uploads_message_fkey";
            columns: ["message_id", "chat_id"];
            isOneToOne: false;
            referencedRelation: "chat_messages";
            referencedColumns: ["id", "chat_id"];
          },
        ];
      };
      "usage": {
        Row: {
          "chats": number;
          "file_bytes": number;
          "objects": number;
          "reserved_bytes": number;
          "reserved_objects": number;
          "text_bytes": number;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "chats"?: number;
          "file_bytes"?: number;
          "objects"?: number;
          "reserved_bytes"?: number;
          "reserved_objects"?: number;
          "text_bytes"?: number;
          "user_id": string;
        };
        Update: {
          "chats"?: number;
          "file_bytes"?: number;
          "objects"?: number;
          "reserved_bytes"?: number;
          "reserved_objects"?: number;
          "text_bytes"?: number;
          "user_id"?: string;
        };
        Relationships: [];
      };
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      "account_deletion_status": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "chats": number;
          "entries_pending": number;
          "final_sweep_at": string;
        }[];
      };
      "await_import_documents": { Args: { "named": Json; "of_chat": string }; Returns: undefined };
      "begin_confirm": {
        Args: { "ids": (string)[] };
        Returns: {
          "id": string;
          "key": string;
        }[];
      };
      "begin_import": {
        Args: { "chat": Json; "lease_seconds"?: number; "of_chat": string; "of_user": string };
        Returns: undefined;
      };
      "chat_images_page": {
        Args: {
          "after_message"?: number;
          "after_seq"?: number;
          "max_bytes"?: number;
          "max_rows"?: number;
          "of_chat": string;
          "scope"?: Database["public"]["Enums"]["item_scope"];
        };
        Returns: {
          "item": Json;
          "message_seq": number;
          "seq": number;
        }[];
      };
      "chat_messages_page": {
        Args: {
          "after_seq"?: number;
          "before_seq"?: number;
          "descending"?: boolean;
          "max_bytes"?: number;
          "max_rows"?: number;
          "of_chat": string;
        };
        Returns: {
          "bytes": number;
          "chat_id": string;
          "content": string;
          "created_at": string;
          "external_id": string | null;
          "id": string;
          "message_type": string;
          "metadata": NonNullable<Json>;
          "parent_id": string | null;
          "parts": Json | null;
          "role": string;
          "seq": number;
          "status": string;
          "updated_at": string;
          "user_id": string;
        }[];
        SetofOptions: {
          from: "*";
          to: "chat_messages";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "check_bucket": {
        Args: { "bucket": string; "marker": Json; "project": string };
        Returns: {
          "database_id": string;
          "has_moved": boolean;
          "runs": number;
          "verdict": string;
        }[];
      };
      "claim_storage_deletions": {
        Args: { "lease_seconds": number; "max_entries": number; "only_chats"?: (string)[] };
        Returns: {
          "attempts": number;
          "chat_id": string | null;
          "created_at": string;
          "dead_at": string | null;
          "done_at": string | null;
          "id": string;
          "is_prefix": boolean;
          "last_error": string | null;
          "locked_until": string | null;
          "not_before": string;
          "objects_deleted": number;
          "reason": string;
          "sweeps_left": number;
          "target": string;
          "user_id": string;
        }[];
        SetofOptions: {
          from: "*";
          to: "storage_deletions";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "cleanup_state": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "dead": number;
          "oldest_seconds": number;
          "pending": number;
          "seconds_since_run": number;
        }[];
      };
      "confirm_uploads": { Args: { "verified": Json }; Returns: string[] };
      "delete_account_slice": {
        Args: {
          "budget_seconds"?: number;
          "max_chats"?: number;
          "max_rows"?: number;
          "of_user": string;
        };
        Returns: {
          "chats": number;
          "finished": boolean;
        }[];
      };
      "delete_account_user": { Args: { "of_user": string }; Returns: boolean };
      "delete_chats_slice": {
        Args: { "budget_seconds"?: number; "chat_ids": (string)[]; "max_rows"?: number };
        Returns: boolean;
      };
      "delete_messages": {
        Args: { "after_seq"?: number; "ids"?: (string)[]; "max_rows"?: number; "of_chat": string };
        Returns: string[];
      };
      "deletion_status": {
        Args: { "chat_ids": (string)[] };
        Returns: {
          "chat_id": string;
          "entries_pending": number;
          "final_sweep_at": string;
          "objects_deleted": number;
        }[];
      };
      "end_silent_messages": {
        Args: { "batch"?: number; "budget_seconds"?: number; "streaming_timeout_seconds": number };
        Returns: number;
      };
      "enqueue_orphans": { Args: { "grace_seconds": number; "listed": Json }; Returns: number };
      "expire_uploads": { Args: { "batch"?: number; "budget_seconds"?: number }; Returns: number };
      "export_part": {
        Args: {
          "after_created_at"?: string;
          "after_id"?: string;
          "max_bytes"?: number;
          "max_chats"?: number;
          "max_files"?: number;
        };
        Returns: {
          "created_at": string;
          "id": string;
          "more": boolean;
        }[];
      };
      "finish_import": { Args: { "of_chat": string }; Returns: boolean };
      "forget_rate_buckets": { Args: { "batch"?: number }; Returns: number };
      "give_up_confirm": { Args: { "keys": (string)[] }; Returns: undefined };
      "has_migration": { Args: { "version": string }; Returns: boolean };
      "history_page": {
        Args: {
          "after_seq"?: number;
          "before_seq"?: number;
          "descending"?: boolean;
          "max_bytes"?: number;
          "max_rows"?: number;
          "of_chat": string;
        };
        Returns: {
          "images": Json;
          "message": Json;
          "search_results": Json;
        }[];
      };
      "is_fresh_session": {
        Args: { "max_age_seconds": number; "of_session": string; "of_user": string };
        Returns: boolean;
      };
      "last_bucket_check": {
        Args: { "bucket": string; "project": string };
        Returns: {
          "seconds_ago": number;
          "verdict": string;
        }[];
      };
      "live_object_keys": {
        Args: { "keys": (string)[] };
        Returns: {
          "key": string;
          "reserved": boolean;
        }[];
      };
      "my_usage": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "chats": number;
          "file_bytes": number;
          "max_chats": number;
          "max_file_bytes": number;
          "max_objects": number;
          "max_text_bytes": number;
          "objects": number;
          "reserved_bytes": number;
          "reserved_objects": number;
          "text_bytes": number;
        }[];
      };
      "name_import_documents": {
        Args: { "max_rows"?: number; "of_chat": string };
        Returns: number;
      };
      "purge_receipts": { Args: { "batch"?: number; "budget_seconds"?: number }; Returns: number };
      "raise_bucket_counter": { Args: { "at_least"?: number }; Returns: number };
      "recount_usage": { Args: { "of_user": string }; Returns: boolean };
      "remove_stale_import": { Args: Record<PropertyKey, never>; Returns: string };
      "renew_import": { Args: { "lease_seconds"?: number; "of_chat": string }; Returns: boolean };
      "renew_uploads": {
        Args: { "expires_in": number; "ids": (string)[] };
        Returns: {
          "attempts": number;
          "chat_id": string;
          "closes_at": string;
          "content_type": string;
          "coords_norm": Json | null;
          "created_at": string;
          "description": string | null;
          "document_id": string | null;
          "expires_at": string;
          "expires_in": number;
          "file_name": string;
          "file_size": number;
          "height": number | null;
          "id": string;
          "image_type": string;
          "imported": boolean;
          "incoming_number": number;
          "incoming_path": string;
          "kind": string;
          "message_id": string | null;
          "page_count": number | null;
          "page_number": number | null;
          "sha256": string | null;
          "status": string;
          "user_id": string;
          "width": number | null;
        }[];
        SetofOptions: {
          from: "*";
          to: "uploads";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "requeue_storage_deletions": { Args: { "max_entries"?: number }; Returns: number };
      "rows_without_objects": {
        Args: {
          "after_key": string;
          "grace_seconds": number;
          "listed": (string)[];
          "max_rows"?: number;
          "through_key": string;
        };
        Returns: {
          "keys": (string)[];
          "missing": number;
          "next_key": string;
        }[];
      };
      "save_messages": {
        Args: { "messages": Json; "of_chat": string; "replaces"?: (string)[] };
        Returns: {
          "bytes": number;
          "chat_id": string;
          "content": string;
          "created_at": string;
          "external_id": string | null;
          "id": string;
          "message_type": string;
          "metadata": NonNullable<Json>;
          "parent_id": string | null;
          "parts": Json | null;
          "role": string;
          "seq": number;
          "status": string;
          "updated_at": string;
          "user_id": string;
        }[];
        SetofOptions: {
          from: "*";
          to: "chat_messages";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "search_archive": {
        Args: {
          "after"?: string;
          "chat_id"?: string;
          "include_archived"?: boolean;
          "kinds"?: (Database["public"]["Enums"]["search_kind"])[];
          "max_results"?: number;
          "query": string;
        };
        Returns: Database["public"]["CompositeTypes"]["found_text"][];
        SetofOptions: {
          from: "*";
          to: "found_text";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "search_results_page": {
        Args: {
          "after_message"?: number;
          "after_seq"?: number;
          "max_bytes"?: number;
          "max_rows"?: number;
          "of_chat": string;
          "scope"?: Database["public"]["Enums"]["item_scope"];
        };
        Returns: {
          "item": Json;
          "message_seq": number;
          "seq": number;
        }[];
      };
      "settle_confirm": {
        Args: { "given_up": (string)[]; "ids": (string)[]; "verified": Json };
        Returns: {
          "documents": Json;
          "images": Json;
          "recorded": (string)[];
          "uploads": Json;
        }[];
      };
      "settle_storage_deletions": {
        Args: { "lease_seconds": number; "results": Json };
        Returns: {
          "dead": boolean;
          "done": boolean;
          "id": string;
          "locked_until": string;
        }[];
      };
      "start_cleanup": { Args: Record<PropertyKey, never>; Returns: undefined };
      "take_rate_token": {
        Args: { "of_function": string; "of_user": string; "per_minute": number };
        Returns: number;
      };
      "tidy_usage": { Args: { "batch"?: number }; Returns: number };
      "unnamed_objects": {
        Args: { "grace_seconds": number; "listed": Json };
        Returns: {
          "key": string;
          "ours": boolean;
        }[];
      };
      "usage_owners": { Args: { "after_user"?: string; "max_rows"?: number }; Returns: string[] };
    };
    Enums: {
      "item_scope": "attached" | "loose" | "all";
      "search_kind": "title" | "document" | "message" | "image" | "search_result";
    };
    CompositeTypes: {
      "found_text": {
        "kind": Database["public"]["Enums"]["search_kind"] | null;
        "chat_id": string | null;
        "chat_title": string | null;
        "message_id": string | null;
        "image_id": string | null;
        "document_id": string | null;
        "search_result_id": string | null;
        "page_number": number | null;
        "coords_norm": Json | null;
        "snippet": string | null;
        "matches": Json | null;
        "rank": number | null;
        "created_at": string | null;
        "cursor": string | null;
      };
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof (
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
    )
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals } ? (
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
  )[TableName] extends {
    Row: infer R;
  } ? R
  : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
      Row: infer R;
    } ? R
    : never
  : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends
    {
      Insert: infer I;
    } ? I
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I;
    } ? I
    : never
  : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends
    {
      Update: infer U;
    } ? U
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U;
    } ? U
    : never
  : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][
    CompositeTypeName
  ]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never;

export const Constants = {
  "public": {
    Enums: {
      "item_scope": ["attached", "loose", "all"],
      "search_kind": ["title", "document", "message", "image", "search_result"],
    },
  },
} as const;
