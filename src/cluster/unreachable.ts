import { messageOf } from "../lib/message.ts";
import { shownUrl } from "../lib/shown-url.ts";
import { ApiError } from "./api-error.ts";

/**
 * The network's failure, in the words of the connection that it happened on. What another try cannot mend, since
 * somebody must change a certificate, an address or the credentials, is "misconfigured".
 */
export function unreachable(server: string, cause: unknown): ApiError {
  const why = whyPermanent(cause);
  if (why === undefined) {
    const message = `the Kubernetes API at ${shownUrl(server)} cannot be reached: ${messageOf(cause)}`;
    return new ApiError(message, { kind: "unreachable", status: 0, cause });
  }
  // Node (24) goes on with advice about its own command line.
  const words = messageOf(cause).replace(/; if the root CA is installed locally, .*$/s, "");
  return misconfigured(`the Kubernetes API at ${shownUrl(server)} cannot be used: ${why} (${words})`, cause);
}

/** What ends at once, as no other try can pass. */
export function misconfigured(message: string, cause?: unknown): ApiError {
  return new ApiError(message, { kind: "misconfigured", status: 0, cause });
}

/** Node's codes of a connection that TLS refuses (Node 24: X509 verification results, OpenSSL's errors, its own). */
const reasons: readonly [RegExp, string][] = [
  [
    /^(UNABLE_TO_(GET_ISSUER_CERT|GET_ISSUER_CERT_LOCALLY|VERIFY_LEAF_SIGNATURE)|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED|CERT_REJECTED|CERT_REVOKED|CERT_CHAIN_TOO_LONG|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)$/,
    "its certificate is not from the authority that the credentials name",
  ],
  [/^CERT_HAS_EXPIRED$/, "its certificate has expired, or the clock of this machine is wrong"],
  [/^CERT_NOT_YET_VALID$/, "its certificate is not valid yet, or the clock of this machine is wrong"],
  [/^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/, "its certificate is for other names than this address"],
  [/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL)$/, "no TLS is spoken there"],
  [/^ERR_SSL_.*(ALERT|HANDSHAKE|CERTIFICATE|VERSION)/, "TLS is refused there, perhaps for the client's certificate"],
  [/^(ERR_OSSL_|ERR_TLS_|ERR_CRYPTO_)/, "the credentials' certificate or key cannot be used"],
  [/^(ERR_INVALID_URL|ERR_INVALID_PROTOCOL|UND_ERR_INVALID_ARG)$/, "its address is no usable one"],
];

function whyPermanent(thrown: unknown): string | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const { code } = error as { code?: unknown };
    const found = typeof code === "string" ? reasons.find(([pattern]) => pattern.test(code)) : undefined;
    if (found !== undefined) return found[1];
  }
  return undefined;
}
