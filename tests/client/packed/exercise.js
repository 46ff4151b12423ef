/**
 * What an application does with the packed library, in Node and in a browser alike.
 *
 * @param supabase a client of supabase-js
 * @param library the package's exports
 * @param content an image, as a Blob
 * @returns what a test compares
 */
export async function exercise({ supabase, library, content }) {
  const credentials = {
    email: `packed-${crypto.randomUUID()}@example.com`,
    password: crypto.randomUUID(),
  };
  await supabase.auth.signUp(credentials);
  await supabase.auth.signOut();
  const { error } = await supabase.auth.signInWithPassword(credentials);
  if (error) throw error;

  const entries = [];
  const archive = library.createChatArchive(supabase, { logger: (entry) => entries.push(entry) });
  const { id: chat_id } = await archive.createChat({ title: "Packed" });
  const message = await archive.addMessage({ chat_id, role: "user", content: "What is this?" });
  const progress = [];
  const [image] = await archive.uploadImages({
    chat_id,
    images: [{ name: "page.png", content, message_id: message.id }],
    onProgress: ({ loaded }) => progress.push(loaded),
  });
  const history = [];
  for await (const { content, images } of archive.history({ chat_id })) {
    history.push([content, images.map(({ image_name }) => image_name)]);
  }
  const file = await archive.download({ id: image.id });
  const { size } = await new Response(file.body).blob();
  const exported = await archive.exportChat({ chat_id });
  const markdown = await new Response(exported.body).text();
  const health = await archive.checkConnection();
  await archive.deleteChat({ id: chat_id });
  const { status, objects_deleted } = await archive.awaitDeletion({ id: chat_id });
  const code = await archive.getChat({ id: chat_id }).catch((error) => {
    if (!(error instanceof library.ChatArchiveError)) throw error;
    return error.code;
  });
  return {
    progress,
    history,
    name: file.name,
    size,
    exported: [exported.name, markdown.startsWith("# Packed\n")],
    database: health.checks.database.status,
    deletion: [status, objects_deleted],
    code,
    operations: entries.map(({ operation }) => operation),
  };
}
