/** The top line: the name, who the reader is, and light or dark. */
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect, useRef, useState, type ReactNode, type SyntheticEvent } from "react";
import type { Account } from "./examples";
import { signIn, signOut, useSession } from "./session";

interface HeaderProps {
  title: string | null;
  accounts: Account[];
  signInDocument: string | null;
  children?: ReactNode;
}

export function Header({ title, accounts, signInDocument, children }: HeaderProps) {
  return (
    <header className="header">
      <span className="brand">
        <img src={`${import.meta.env.BASE_URL}favicon.svg`} alt="" width="22" height="22" />
        {title && <b>{title}</b>}
        <span>GraphiQL</span>
      </span>
      {children}
      <span className="spring" />
      {signInDocument && <Identity accounts={accounts} document={signInDocument} />}
      <ThemeButton />
    </header>
  );
}

function Identity({ accounts, document }: { accounts: Account[]; document: string }) {
  const session = useSession();
  if (session === null) return <SignIn accounts={accounts} document={document} />;
  const until = session.expiresAt && new Date(session.expiresAt).toLocaleTimeString();
  return (
    <span className="identity" title={until ? `The access token is good until ${until} and is renewed by itself.` : undefined}>
      <span className="avatar" aria-hidden="true">
        {session.name.slice(0, 1).toUpperCase()}
      </span>
      <span>
        {session.name} <small>{session.email}</small>
      </span>
      <button type="button" className="quiet" onClick={() => void copyHeader(session.accessToken)}>
        Copy header
      </button>
      <button type="button" className="quiet" onClick={signOut}>
        Sign out
      </button>
    </span>
  );
}

function copyHeader(token: string): Promise<void> {
  return navigator.clipboard.writeText(`Authorization: Bearer ${token}`);
}

function SignIn({ accounts, document }: { accounts: Account[]; document: string }) {
  const [isOpen, setOpen] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useCloseOutside(box, isOpen, () => setOpen(false));

  async function submit(email: string, password: string) {
    setBusy(true);
    setError(null);
    await signIn(document, email, password).catch((refusal: unknown) => {
      setError(refusal instanceof Error ? refusal.message : String(refusal));
      setOpen(true);
    });
    setBusy(false);
  }

  function submitForm(event: SyntheticEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void submit(String(form.get("email")), String(form.get("password")));
  }

  return (
    <div className="sign-in" ref={box}>
      {accounts.length > 0 && <span className="hint">Sign in as</span>}
      {accounts.map(({ label, email, password }) => (
        <button key={email} type="button" className="chip" title={email} disabled={isBusy} onClick={() => void submit(email, password)}>
          {label}
        </button>
      ))}
      <button type="button" className="chip outline" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {accounts.length > 0 ? "another…" : "Sign in"}
      </button>
      {isOpen && (
        <form className="sign-in-form" onSubmit={submitForm}>
          <label>
            E-mail
            <input name="email" type="email" autoComplete="username" required autoFocus />
          </label>
          <label>
            Password
            <input name="password" type="password" autoComplete="current-password" required />
          </label>
          {error && <p role="alert">{error}</p>}
          <button type="submit" className="chip" disabled={isBusy}>
            Sign in
          </button>
          <small>The token goes along with every operation of this browser tab and is forgotten when it closes.</small>
        </form>
      )}
    </div>
  );
}

function useCloseOutside(box: React.RefObject<HTMLElement | null>, isOpen: boolean, close: () => void) {
  useEffect(() => {
    if (!isOpen) return;
    const onPointer = (event: PointerEvent) => !box.current?.contains(event.target as Node) && close();
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && close();
    addEventListener("pointerdown", onPointer);
    addEventListener("keydown", onKey);
    return () => {
      removeEventListener("pointerdown", onPointer);
      removeEventListener("keydown", onKey);
    };
  });
}

function ThemeButton() {
  const theme = useGraphiQL((state) => state.theme);
  const { setTheme } = useGraphiQLActions();
  const isDark = theme === "dark" || (theme === null && matchMedia("(prefers-color-scheme: dark)").matches);
  const label = isDark ? "Light theme" : "Dark theme";
  return (
    <button type="button" className="theme" aria-label={label} title={label} onClick={() => setTheme(isDark ? "light" : "dark")}>
      <svg viewBox="0 0 20 20" width="18" height="18" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round">
        {isDark ? (
          <path d="M10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.4 1.4M14.3 14.3l1.4 1.4M4.3 15.7l1.4-1.4M14.3 5.7l1.4-1.4M13.5 10a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0z" />
        ) : (
          <path d="M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3z" />
        )}
      </svg>
    </button>
  );
}
