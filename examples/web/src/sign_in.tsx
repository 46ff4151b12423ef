import { type FormEvent, useState } from "react";
import { supabase } from "./backend.ts";
import { useText } from "./strings.ts";

/** The user of supabase/seed.sql, which exists on local stacks only. */
const DEMO = { email: "demo@example.com", password: "demo-password" };

export function SignIn() {
  const t = useText();
  const [failure, setFailure] = useState("");
  const [isBusy, setBusy] = useState(false);

  async function enter(
    verb: "signInWithPassword" | "signUp",
    account: typeof DEMO,
  ) {
    setBusy(true);
    const { error } = await supabase.auth[verb](account);
    setBusy(false);
    setFailure(error?.message ?? "");
  }
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const account = { email: String(form.get("email")), password: String(form.get("password")) };
    const { submitter } = event.nativeEvent as SubmitEvent;
    enter(
      submitter?.id === "sign-up" ? "signUp" : "signInWithPassword",
      account,
    );
  }
  return (
    <main className="sign-in">
      <h1>{t.name}</h1>
      <p>{t.tagline}</p>
      <button
        type="button"
        className="primary"
        disabled={isBusy}
        onClick={() => enter("signInWithPassword", DEMO)}
      >
        {t.demoUser}
      </button>
      <p className="or">{t.or}</p>
      <form onSubmit={submit}>
        <label>
          {t.email}
          <input name="email" type="email" autoComplete="email" required />
        </label>
        <label>
          {t.password}
          <input
            name="password"
            type="password"
            autoComplete="current-password"
            minLength={6}
            required
          />
        </label>
        {failure && <p className="failure" role="alert">{failure}</p>}
        <div className="row">
          <button type="submit" disabled={isBusy}>{t.signIn}</button>
          <button type="submit" id="sign-up" disabled={isBusy}>
            {t.signUp}
          </button>
        </div>
      </form>
    </main>
  );
}
