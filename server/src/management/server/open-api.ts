import type { DocumentOf } from '../../platform/http/api-schema.ts'
import type { ServerContext } from './context.ts'
import { openApiResponse } from '../arm/response.ts'

type Context = Pick<ServerContext, 'openApi'>

/** `GET /openapi.json`: ours, not Azure's. The routes of all surfaces. */
export function getOpenApi({ openApi }: Context): Promise<DocumentOf<typeof openApiResponse>> {
  return Promise.resolve(openApi())
}
getOpenApi.response = openApiResponse
