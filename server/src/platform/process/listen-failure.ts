import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'

/**
 * Converts an error of `listen()` on `address` to a StartupError. `option` is the setting with the address. Returns
 * undefined if the operator cannot fix the error.
 */
export function listenFailure(error: unknown, address: string, option = '--listen'): StartupError | undefined {
  switch (systemErrorCode(error)) {
    case 'EADDRINUSE':
      return new StartupError(
        `another process is already listening on ${address}`,
        exitCodes.portInUse,
        `stop the other process, or choose another address with ${option}`,
        { cause: error },
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new StartupError(
        `this machine has no address ${address}`,
        exitCodes.addressUnavailable,
        `choose another address with ${option}`,
        { cause: error },
      )
    case 'EACCES':
    case 'EPERM':
      return new StartupError(
        `this user is not allowed to listen on ${address}`,
        exitCodes.addressUnavailable,
        `choose a port above 1023 with ${option}, or give the process the permission to use this port`,
        { cause: error },
      )
    default:
      return undefined
  }
}
