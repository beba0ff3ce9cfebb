import { SeedError } from '../seed/seed-error.ts'
import type { Context } from './context.ts'
import { ControlError } from './errors.ts'
import { type Route, ok } from './route.ts'

/** The route that applies a seed. */
export const seedRoutes: readonly Route<Context>[] = [
  {
    id: 'applySeed',
    method: 'POST',
    path: '/_acrux/seed',
    body: 'text',
    handle: async ({ seeds }, { text }) => {
      try {
        return ok({ outputs: await seeds.apply(text) })
      } catch (error) {
        if (!(error instanceof SeedError)) throw error
        throw new ControlError(400, 'InvalidSeed', error.message, { cause: error })
      }
    },
  },
]
