import { z } from 'zod'
import { apiSchemas } from '../../platform/http/api-schema.ts'

/** The response of `POST /oauth2/exchange`. */
export const exchangeResponse = z
  .strictObject({
    refresh_token: z.jwt().describe('An ACR refresh token.'),
    scope: z
      .string()
      .optional()
      .describe('The access to which the token is restricted. Present only if the request contains `scope`.'),
    expires_in: z
      .number()
      .optional()
      .describe('The lifetime in seconds. Present only if the request contains `scope` or `expires_in`.'),
  })
  .register(apiSchemas, { id: 'token.exchangeResponse' })

export type ExchangeResponse = z.output<typeof exchangeResponse>

/** The response of `/oauth2/token`. [distribution, auth/oauth.md, auth/token.md] */
export const tokenResponse = z
  .strictObject({
    access_token: z.jwt().describe('An ACR access token.'),
    token: z.jwt().describe('The same token. Docker reads this member.'),
    expires_in: z.number().describe('The lifetime of the token in seconds.'),
    issued_at: z.iso.datetime(),
    scope: z.string().describe('The granted access, which may be less than the requested access.'),
    refresh_token: z
      .jwt()
      .optional()
      .describe('Present only if the request contains a refresh token or workload token, and requests offline access.'),
  })
  .register(apiSchemas, { id: 'token.tokenResponse' })

/** The response of `GET /oauth2/keys`. [RFC 7517 §5] */
export const keySet = z
  .strictObject({
    keys: z.array(
      z.strictObject({
        kty: z.literal('EC'),
        crv: z.literal('P-256'),
        x: z.base64url(),
        y: z.base64url(),
        kid: z.string(),
        alg: z.literal('ES256'),
        use: z.literal('sig'),
      }),
    ),
  })
  .register(apiSchemas, { id: 'token.keySet' })
