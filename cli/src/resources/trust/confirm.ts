import { createInterface } from 'node:readline/promises'
import { CommandFailure } from '../../framework/command/failure.ts'
import { terminalLine } from '../../framework/terminal/terminal-text.ts'
import type { Authority } from './authority.ts'
import { exitCodes } from './failure.ts'

type Confirmation = {
  /** The expected SHA-256 fingerprint, as `parseFingerprint` returns it. */
  readonly fingerprint: string | undefined
  /** Whether to trust the authority without a question. */
  readonly yes: boolean
}

/** Parses a SHA-256 fingerprint, with or without colons, in any case. Returns upper-case pairs separated by colons. */
export function parseFingerprint(text: string): string | undefined {
  const digits = text.replace(/^sha256:/i, '').replaceAll(':', '')
  return /^[0-9a-f]{64}$/i.test(digits) ? digits.toUpperCase().match(/../g)?.join(':') : undefined
}

/** A description of the authority, with which a person decides whether to trust the authority. */
export function authorityText({ subject, expires, fingerprint }: Authority, source: string): string {
  return [
    `Certificate authority of ${source}`,
    `  subject      ${terminalLine(subject)}`,
    `  expires      ${expires.toISOString().slice(0, 10)}`,
    `  fingerprint  ${fingerprint}`,
    '',
  ].join('\n')
}

/**
 * Requires that the authority is expected, by the given fingerprint or a confirmation on the terminal.
 *
 * @throws CommandFailure if the authority is not confirmed, or if there is neither a fingerprint nor a terminal
 */
export async function confirmAuthority(authority: Authority, { fingerprint, yes }: Confirmation): Promise<void> {
  if (fingerprint !== undefined) {
    if (fingerprint === authority.fingerprint) return
    throw new CommandFailure(
      `the fingerprint of the certificate authority is ${authority.fingerprint}, not ${fingerprint}`,
      exitCodes.unconfirmed,
      'an attacker may be impersonating the server: ask the operator of the server for the fingerprint',
    )
  }
  if (yes) return
  if (!process.stdin.isTTY) {
    throw new CommandFailure(
      'without a terminal, you cannot confirm the fingerprint',
      exitCodes.unconfirmed,
      `add --fingerprint with the fingerprint that the operator of the server gave you, or --yes to trust any certificate authority`,
    )
  }
  process.stderr.write(
    'Compare the fingerprint with the fingerprint on the server: openssl x509 -in tls/ca.pem -noout -fingerprint -sha256\n',
  )
  if (await ask('Trust this authority? [y/N] ')) return
  throw new CommandFailure('the certificate authority is not trusted', exitCodes.unconfirmed, 'nothing was changed')
}

async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(?:es)?$/i.test((await terminal.question(question)).trim())
  } finally {
    terminal.close()
  }
}
