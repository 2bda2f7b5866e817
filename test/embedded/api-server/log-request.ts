import type { LogQuery } from "../kubelet/log-stream.ts";
import { formatNanos } from "../kubelet/node-clock.ts";
import { type FieldError, forbiddenValue, invalidValue } from "./field-error.ts";
import type { ContainerStatus, PodObject } from "./objects.ts";
import { isTrue } from "./request-info.ts";
import { badRequest, invalid } from "./status-error.ts";

/** Reads the query of pods/log. Throws what the server answers to a bad one. */
export function readLogQuery(pod: string, query: URLSearchParams, nodeNowNs: bigint): LogQuery {
  const number = (name: string) => {
    const text = query.get(name);
    return text === null ? undefined : Number(text);
  };
  const sinceTime = query.get("sinceTime");
  const [sinceSeconds, tailLines, limitBytes] = [number("sinceSeconds"), number("tailLines"), number("limitBytes")];
  const errors = queryErrors({ sinceTime, sinceSeconds, tailLines, limitBytes });
  if (errors.length > 0) throw invalid({ group: "", kind: "PodLogOptions" }, pod, errors);
  const since = sinceTime === null ? sinceOf(sinceSeconds, nodeNowNs) : wholeSecond(sinceTime);
  return {
    follow: isTrue(query.get("follow") ?? "false"),
    timestamps: isTrue(query.get("timestamps") ?? "false"),
    ...(since === undefined ? {} : { since }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

interface Numbers {
  sinceTime: string | null;
  sinceSeconds: number | undefined;
  tailLines: number | undefined;
  limitBytes: number | undefined;
}

function queryErrors({ sinceTime, sinceSeconds, tailLines, limitBytes }: Numbers): FieldError[] {
  const errors: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0) {
    errors.push(invalidValue("tailLines", tailLines, "must be greater than or equal to 0"));
  }
  if (limitBytes !== undefined && limitBytes < 1) {
    errors.push(invalidValue("limitBytes", limitBytes, "must be greater than 0"));
  }
  if (sinceSeconds !== undefined && sinceTime !== null) {
    errors.push(forbiddenValue("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    errors.push(invalidValue("sinceSeconds", sinceSeconds, "must be greater than 0"));
  }
  return errors;
}

/** The API server hands sinceTime on in whole seconds (seen with 1.34). */
function wholeSecond(sinceTime: string): string {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(sinceTime)) {
    throw badRequest(
      `parsing time "${sinceTime}" as "2006-01-02T15:04:05Z07:00": cannot parse "${sinceTime}" as "2006"`,
    );
  }
  const seconds = Math.floor(Date.parse(sinceTime.replace(/\.\d+/, "")) / 1000);
  return formatNanos(BigInt(seconds) * 1_000_000_000n);
}

function sinceOf(sinceSeconds: number | undefined, nowNs: bigint): string | undefined {
  return sinceSeconds === undefined ? undefined : formatNanos(nowNs - BigInt(sinceSeconds) * 1_000_000_000n);
}

/** The container a log request means. Throws the server's 400 when there is none or more than one. */
export function readLogContainer(pod: PodObject, asked: string | null): string {
  const containers = pod.spec.containers.map(({ name }) => name);
  const inits = (pod.spec.initContainers ?? []).map(({ name }) => name);
  if (asked) {
    if (containers.includes(asked) || inits.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
  }
  const [only] = containers;
  if (containers.length === 1 && only !== undefined) return only;
  const alternatives = inits.length > 0 ? ` or one of the init containers: [${inits.join(" ")}]` : "";
  throw badRequest(
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${containers.join(" ")}]${alternatives}`,
  );
}

const waitingTexts: Record<string, string> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: "trying and failing to pull image",
};

/** Throws kubelet's 400 when the container has no log to give yet, or none of an earlier attempt. */
export function requireLog(pod: PodObject, container: string, previous: boolean): void {
  const { name } = pod.metadata;
  const status = statusOf(pod, container);
  if (previous) {
    if (status?.lastState?.terminated) return;
    throw badRequest(`previous terminated container "${container}" in pod "${name}" not found`);
  }
  if (status?.state?.running || status?.state?.terminated || status?.lastState?.terminated) return;
  const reason = status?.state?.waiting?.reason ?? "ContainerCreating";
  throw badRequest(`container "${container}" in pod "${name}" is waiting to start: ${waitingTexts[reason] ?? reason}`);
}

function statusOf({ status }: PodObject, container: string): ContainerStatus | undefined {
  const all = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
  return all.find(({ name }) => name === container);
}
