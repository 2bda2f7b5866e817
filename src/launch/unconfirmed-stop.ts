/** A run was stopped while its Job was resumed, and the cluster has not confirmed that the Job is gone: its pod may run. */
export class UnconfirmedStop extends Error {
  override readonly name = "UnconfirmedStop";

  constructor(job: string, cause: unknown) {
    super(`Job ${job} may still run`, { cause });
  }
}
