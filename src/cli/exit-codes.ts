/** What the process ends with; those above 1 are of sysexits(3), for supervisors to tell apart. */
export const EXIT = {
  /** It cannot go on, or never could, for the reason on stderr. */
  failed: 1,
  /** A fault of its own; a crash report says which. */
  crashed: 70,
  /** It was to stop, and had not done so within `shutdown.timeout`. The next start goes on from what had been committed. */
  late: 75,
  /** The configuration has problems: another attempt would end in the same way. */
  configuration: 78,
  /** It was told to stop a second time. */
  interrupted: 130,
} as const
