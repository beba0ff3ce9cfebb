/** The exit codes of `acrux identity-endpoint`. Scripts rely on the numbers: never change a number. */
// prettier-ignore
export const exitCodes = {
  ok:                  0,
  unexpected:          1,
  usage:               2, // a wrong flag or value
  portInUse:          10, // another process listens there
  addressUnavailable: 11, // no such address on this machine, or no permission to listen on the address
  notEnrolled:        20, // this machine has no key, or an unusable key
  rejected:            21, // the server does not accept the code or the key
  unreachable:        22, // the server cannot be reached or is not trusted
} as const
