/** Version of the lossless form. It grows when a reader of the old one would misread the new one. */
export const EXPORT_VERSION = 2;
