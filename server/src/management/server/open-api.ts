import type { DocumentOf } from '../../platform/http/api-schema.ts'
import type { ManagementContext } from '../arm/context.ts'
import { openApiResponse } from '../arm/response.ts'

/** `GET /openapi.json`: ours, not Azure's. The routes of all surfaces. */
export function getOpenApi({ openApi }: ManagementContext): Promise<DocumentOf<typeof openApiResponse>> {
  return Promise.resolve(openApi())
}
getOpenApi.response = openApiResponse
