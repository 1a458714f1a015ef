import { type FormEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import type { JsonValue, ToolInfo } from "../../../generated/protocol";
import { explain } from "../api";
import { type Draft, type Field, firstDraft, readDraft, readFields } from "../form";
import { useNexus } from "../nexus";
import { short } from "../visible";
import { Notice } from "./Notice";
import { Plain } from "./Plain";

type Run =
  | { kind: "idle" }
  | { kind: "running" }
  | { kind: "done"; value: JsonValue }
  | { kind: "failed"; why: string };

/** Characters of a result that are shown. */
const RESULT_LIMIT = 20_000;

/** One tool of a panel: its arguments, and what came of running it. */
export function ToolForm({ panel, tool }: { panel: string; tool: ToolInfo }): ReactNode {
  const { api } = useNexus();
  const fields = useMemo(() => readFields(tool.input_schema), [tool.input_schema]);
  const [draft, setDraft] = useState<Draft>(() => firstDraft(fields));
  const [errors, setErrors] = useState<{ [name: string]: string }>({});
  const [run, setRun] = useState<Run>({ kind: "idle" });
  const [asking, setAsking] = useState(false);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const start = async (args: { [name: string]: JsonValue }) => {
    setAsking(false);
    const control = new AbortController();
    running.current = control;
    setRun({ kind: "running" });
    try {
      const { value } = await api.call(panel, tool.name, args, control.signal);
      setRun({ kind: "done", value });
    } catch (error) {
      setRun({ kind: "failed", why: explain(error) });
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = readDraft(fields, draft);
    setErrors("errors" in read ? read.errors : {});
    if ("errors" in read) return;
    if (tool.confirm && !asking) setAsking(true);
    else void start(read.args);
  };
  return (
    <form className="nxl-tool" onSubmit={submit} noValidate aria-label={short(tool.name)}>
      <div className="nxl-row">
        <strong className="nxl-name">{short(tool.name)}</strong>
        {run.kind === "running" ? (
          <button type="button" className="nxl-button" onClick={() => running.current?.abort()}>
            Cancel
          </button>
        ) : (
          !asking && (
            <button type="submit" className="nxl-button">
              Run<span className="nxl-unshown"> {short(tool.name)}</span>
            </button>
          )
        )}
      </div>
      {tool.description && (
        <p className="nxl-words">
          <Plain text={tool.description} />
        </p>
      )}
      {fields.map((field) => (
        <Argument
          key={field.name}
          field={field}
          value={draft[field.name] ?? ""}
          error={errors[field.name]}
          onChange={(value) => setDraft({ ...draft, [field.name]: value })}
        />
      ))}
      {asking && (
        <div className="nxl-confirm" role="alertdialog" aria-label="Run it?">
          <p>
            <Plain text={tool.confirm ?? ""} />
          </p>
          <button type="submit" className="nxl-button nxl-main">
            Run
          </button>
          <button type="button" className="nxl-button" onClick={() => setAsking(false)}>
            Do not run
          </button>
        </div>
      )}
      {run.kind === "running" && (
        <div className="nxl-progress" role="progressbar" aria-label={`${short(tool.name)} is running`} />
      )}
      {run.kind === "failed" && (
        <Notice tone="error">
          <Plain text={run.why} />
        </Notice>
      )}
      {run.kind === "done" && <Outcome value={run.value} />}
    </form>
  );
}

function Outcome({ value }: { value: JsonValue }): ReactNode {
  if (value === null) return <Notice tone="good">Done.</Notice>;
  const all = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return (
    <div role="status">
      <span className="nxl-small">Result</span>
      <pre className="nxl-result">
        <Plain text={all.slice(0, RESULT_LIMIT)} />
        {all.length > RESULT_LIMIT && `\n… ${all.length - RESULT_LIMIT} more characters`}
      </pre>
    </div>
  );
}

function Argument(props: {
  field: Field;
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}): ReactNode {
  const { field, value, error, onChange } = props;
  const id = useId();
  const described = [field.description && `${id}d`, error && `${id}e`].filter(Boolean).join(" ") || undefined;
  const common = {
    id,
    className: "nxl-input",
    "aria-describedby": described,
    "aria-invalid": error ? true : undefined,
    "aria-required": field.required || undefined,
  };
  const label = short(field.name);
  return (
    <div className="nxl-field">
      {field.kind === "flag" ? (
        <label className="nxl-flag">
          <input
            type="checkbox"
            aria-describedby={described}
            checked={value === "true"}
            onChange={(event) => onChange(event.target.checked ? "true" : "")}
          />
          {label}
        </label>
      ) : (
        <label htmlFor={id}>
          {label}
          {!field.required && <span className="nxl-small"> optional</span>}
          {field.kind === "json" && <span className="nxl-small"> JSON</span>}
        </label>
      )}
      {field.kind === "text" && (
        <input {...common} type="text" value={value} onChange={(event) => onChange(event.target.value)} />
      )}
      {field.kind === "number" && (
        <input
          {...common}
          type="text"
          inputMode="decimal"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      {field.kind === "choice" && (
        <select {...common} value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">choose</option>
          {field.options.map((option, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the position is the option's name
            <option key={at} value={at}>
              {short(typeof option === "string" ? option : JSON.stringify(option))}
            </option>
          ))}
        </select>
      )}
      {field.kind === "json" && (
        <textarea
          {...common}
          rows={3}
          spellCheck={false}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      {field.description && (
        <span className="nxl-small" id={`${id}d`}>
          <Plain text={field.description} />
        </span>
      )}
      {error && (
        <span className="nxl-wrong" id={`${id}e`} role="alert">
          {error}
        </span>
      )}
    </div>
  );
}
