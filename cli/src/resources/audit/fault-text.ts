import type { ChainFault } from '@acrux/server'

/** A fault of the audit log as text. An unknown kind is shown unchanged. */
export function faultText({ kind, number }: { readonly kind: string; readonly number: number }): string {
  const textOf = (texts as Readonly<Partial<Record<string, (number: number) => string>>>)[kind]
  return textOf === undefined ? `${kind} at number ${number}` : textOf(number)
}

const texts: Readonly<Record<ChainFault['kind'], (number: number) => string>> = {
  'event-changed': (number) => `event ${number} was changed`,
  'event-removed': (number) => `event ${number} was removed`,
  'event-inserted': (number) => `event ${number} was inserted later`,
  'event-repeated': (number) => `event ${number} is in the chain twice`,
  'block-missing': (number) => `block ${number} was removed from the chain`,
  'block-changed': (number) => `block ${number} was changed`,
  'block-unlinked': (number) => `block ${number} does not contain the hash of the previous block`,
  'start-missing': (number) => `the blocks before block ${number} were removed, and no event records the removal`,
  'head-missing': () => 'the sealed head of the chain is missing: the chain may have been truncated',
  'head-forged': () => 'the head of the chain was not sealed with this master key',
  'head-cut-off': (number) => `the chain ends before block ${number}, which the server sealed as the last block`,
  'head-differs': (number) => `the chain does not end with block ${number}, which the server sealed as the last block`,
  'altered-before': (number) => `the server has already reported an alteration of the log: see event ${number}`,
  'checkpoint-cut-off': (number) => `the chain ends before block ${number} of the checkpoint`,
  'checkpoint-differs': (number) => `block ${number} differs from the checkpoint`,
  'checkpoint-expired': (number) =>
    `block ${number} of the checkpoint was purged after the retention period of the audit log: use a later checkpoint`,
}
