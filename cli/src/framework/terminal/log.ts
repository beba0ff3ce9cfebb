import { terminalText } from './terminal-text.ts'

/** Messages on standard error, without secrets. */
export type Log = {
  readonly error: (text: string, nextStep?: string) => void
  readonly warning: (text: string) => void
  /**
   * Information that a user needs to continue, such as a device code. `--only-show-errors` also shows this information.
   */
  readonly notice: (text: string) => void
  /** Shown with `--verbose` and `--debug`. */
  readonly info: (text: string) => void
  /** Shown with `--debug`. */
  readonly debug: (text: string) => void
}

/** The common options that a log follows. */
export type LogFlags = { readonly onlyShowErrors?: true; readonly verbose?: true; readonly debug?: true }

const red = 31
const yellow = 33
const gray = 90

/** Whether colours may be written to a stream: on a terminal, unless `NO_COLOR` is set. [no-color.org] */
export function hasColor(stream: NodeJS.WriteStream, env = process.env): boolean {
  return stream.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
}

/** Creates the log of a command. */
export function createLog(stream: NodeJS.WriteStream, { onlyShowErrors, verbose, debug }: LogFlags): Log {
  const colored = hasColor(stream)
  const write = (text: string, color?: number): void => {
    for (const line of terminalText(maskSecrets(text)).split('\n')) {
      const shown = `acrux: ${line}`
      stream.write(colored && color !== undefined ? `\u001b[${color}m${shown}\u001b[0m\n` : `${shown}\n`)
    }
  }
  const showsWarnings = onlyShowErrors !== true
  return {
    error: (text, nextStep) => {
      write(text, red)
      if (nextStep !== undefined) stream.write(`       ${terminalText(maskSecrets(nextStep))}\n`)
    },
    warning: (text) => {
      if (showsWarnings) write(`warning: ${text}`, yellow)
    },
    notice: (text) => write(text),
    info: (text) => {
      if (showsWarnings && (verbose === true || debug === true)) write(text)
    },
    debug: (text) => {
      if (debug === true) write(`debug: ${text}`, gray)
    },
  }
}

/** JWTs, whole or cut; not the token of a page, which begins with `{"next_link"`. */
const token = /\beyJ(?!uZXh0X2xpbmsi)[\w-]{10,}(?:\.[\w-]*){0,2}/g

/** The values of form fields and query parameters that are secrets. [RFC 6749, RFC 8628, RFC 7523] */
const field =
  /\b(client_secret|client_assertion|password|refresh_token|access_token|id_token|device_code|code|code_verifier|assertion)=[^&\s"']+/gi

const header = /\b(Basic|Bearer) +[\w+/.~=-]{8,}/g

/** Replaces secrets in a text by `***`: tokens, secret form fields and credentials of the header `Authorization`. */
export function maskSecrets(text: string): string {
  return text.replaceAll(token, '***').replaceAll(field, '$1=***').replaceAll(header, '$1 ***')
}
