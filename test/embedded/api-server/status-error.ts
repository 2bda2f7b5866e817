import type { FieldError } from "./field-error.ts";
import { qualifiedKind, qualifiedResource, type ResourceType } from "./resource-table.ts";

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: { reason: string; message: string; field?: string }[];
  retryAfterSeconds?: number;
}

/** A refusal as the API server sends it: HTTP status and a Status object. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly code: number;
  readonly reason: string | undefined;
  readonly details: StatusDetails | undefined;

  constructor(code: number, message: string, facts: { reason?: string; details?: StatusDetails } = {}) {
    super(message);
    this.code = code;
    this.reason = facts.reason;
    this.details = facts.details;
  }

  toBody(): object {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: this.message,
      ...(this.reason === undefined ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

type Named = Pick<ResourceType, "group" | "plural">;

function detailsOf(type: Named, name: string): StatusDetails {
  return { ...(name ? { name } : {}), ...(type.group ? { group: type.group } : {}), kind: type.plural };
}

export function notFound(type: Named, name: string): StatusError {
  const message = `${qualifiedResource(type)} "${name}" not found`;
  return new StatusError(404, message, { reason: "NotFound", details: detailsOf(type, name) });
}

export function noSuchResource(): StatusError {
  return new StatusError(404, "the server could not find the requested resource", { reason: "NotFound", details: {} });
}

export function alreadyExists(type: Named, name: string): StatusError {
  const message = `${qualifiedResource(type)} "${name}" already exists`;
  return new StatusError(409, message, { reason: "AlreadyExists", details: detailsOf(type, name) });
}

export function changedUnderUs(type: Named, name: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedResource(type)} "${name}": the object has been modified; please apply your changes to the latest version and try again`;
  return new StatusError(409, message, { reason: "Conflict", details: detailsOf(type, name) });
}

/** The kind, not the resource, stands in this message and its details (seen with 1.34). */
export function otherUid(type: ResourceType, name: string, uids: { expected: string; found: string }): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedKind(type)} "${name}": the UID in the precondition (${uids.expected}) does not match the UID in record (${uids.found}). The object might have been deleted and then recreated`;
  const details = { name, ...(type.group ? { group: type.group } : {}), kind: type.kind };
  return new StatusError(409, message, { reason: "Conflict", details });
}

/** `why` follows "is forbidden: ". */
export function forbidden(type: Named, name: string, why: string): StatusError {
  const what = name ? `${qualifiedResource(type)} "${name}"` : qualifiedResource(type);
  return new StatusError(403, `${what} is forbidden: ${why}`, { reason: "Forbidden", details: detailsOf(type, name) });
}

export function invalid(
  type: { group: string; kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const texts = errors.map((error) => `${error.field}: ${error.message}`);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  return new StatusError(422, `${qualifiedKind(type)} "${name}" is invalid: ${list}`, {
    reason: "Invalid",
    details: {
      ...(name ? { name } : {}),
      ...(type.group ? { group: type.group } : {}),
      kind: type.kind,
      causes: errors.map(({ reason, message, field }) => ({ reason, message, field })),
    },
  });
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, message, { reason: "BadRequest" });
}

export function unauthorized(): StatusError {
  return new StatusError(401, "Unauthorized", { reason: "Unauthorized" });
}

export function expired(requested: number, oldest: number): StatusError {
  return new StatusError(410, `too old resource version: ${requested} (${oldest})`, { reason: "Expired" });
}
