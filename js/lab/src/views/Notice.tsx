import type { ReactNode } from "react";

type Tone = "info" | "warning" | "error" | "good";

const SIGNS: { [tone in Tone]: string } = { info: "i", warning: "!", error: "×", good: "✓" };

/** A sentence set apart; what is wrong or done is also said to who does not see it. */
export function Notice({ tone, children }: { tone: Tone; children: ReactNode }): ReactNode {
  return (
    <div className={`nxl-notice nxl-${tone}`} role={tone === "error" ? "alert" : "status"}>
      <span className="nxl-sign" aria-hidden="true">
        {SIGNS[tone]}
      </span>
      <div>{children}</div>
    </div>
  );
}

/** What an empty view says. */
export function Empty({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <div className="nxl-empty">
      <strong>{title}</strong>
      <p>{children}</p>
    </div>
  );
}
