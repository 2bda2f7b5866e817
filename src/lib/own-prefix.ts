/** Begins each line that the adapter itself writes into a run's log. */
export const ownPrefix = "[paperclip]";
