import type { FastifyInstance } from 'fastify'

/** The ARM surface: `/metadata/endpoints`, `/subscriptions/*`, `/providers/*`, `/tenants`. */
export interface Management {
  mount(app: FastifyInstance): void
}

export { createManagement } from './management.ts'
