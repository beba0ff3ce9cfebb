import type { ChainFault } from '@acrux/server'

/** What is wrong, in words. */
export function faultText({ kind, number }: ChainFault): string {
  switch (kind) {
    case 'event-changed':
      return `event ${number} is not as it was written`
    case 'event-removed':
      return `event ${number} was removed`
    case 'event-inserted':
      return `event ${number} was put in later`
    case 'event-repeated':
      return `event ${number} is in the chain twice`
    case 'block-missing':
      return `block ${number} of the chain was removed`
    case 'block-changed':
      return `block ${number} of the chain is not as it was made`
    case 'block-unlinked':
      return `block ${number} of the chain does not follow the one before it`
    case 'start-missing':
      return `what was before block ${number} of the chain is gone, and no event tells of it`
    case 'head-missing':
      return 'the sealed head of the chain is missing: the chain may have been truncated'
    case 'head-forged':
      return 'the head of the chain was not sealed under this master key'
    case 'head-cut-off':
      return `the chain ends before block ${number}, which the server sealed as the last block`
    case 'head-differs':
      return `the chain does not end with block ${number}, which the server sealed as the last block`
    case 'altered-before':
      return `the server already found the log altered: see event ${number}`
    case 'checkpoint-cut-off':
      return `the chain ends before block ${number}, which was there when the checkpoint was taken`
    case 'checkpoint-differs':
      return `block ${number} of the chain is another than when the checkpoint was taken`
    case 'checkpoint-expired':
      return `block ${number} was removed when its time was over: compare with a later checkpoint`
  }
}
