import type { Fault } from './fault.ts'
import { clientFaults } from './faults/clients.ts'
import { identityFaults } from './faults/identity.ts'
import { platformFaults } from './faults/platform.ts'
import { registryFaults } from './faults/registry.ts'
import { tokenFaults } from './faults/tokens.ts'

/** Single faults in code that security or durability depends on. They are examples: `npm run mutate` can plant others. */
export const faults: readonly Fault[] = [
  ...tokenFaults,
  ...registryFaults,
  ...identityFaults,
  ...platformFaults,
  ...clientFaults,
]
