import { z } from 'zod'
import { settingTexts } from './setting-texts.ts'
import { listenAddress, path, text } from './setting-values.ts'

/** The settings in `tls.acme`: certificates from an ACME provider. */
const acmeSettings = z
  .strictObject(
    {
      directory: z
        .url({ protocol: /^https$/, error: 'must be an https URL' })
        .max(2048, { error: 'must have at most 2048 characters' })
        .optional()
        .register(settingTexts, {
          kind: 'text',
          description:
            "Get certificates from the ACME provider with this directory, such as Let's Encrypt, and renew them. The server orders one certificate for `publicHost` and one for each login server that is a public name. For all other hosts, and until the first certificate arrives, the server uses its own certificate. See [certificates from an ACME provider](../how-to/acme.md).",
          placeholder: 'url',
          example: 'https://acme-v02.api.letsencrypt.org/directory',
          defaultText: 'none',
        }),
      acceptTerms: z.boolean({ error: 'must be true or false' }).default(false).register(settingTexts, {
        kind: 'boolean',
        description: 'Accept the terms of service of the ACME provider. Required by `tls.acme.directory`.',
        placeholder: 'boolean',
        example: 'true',
      }),
      email: text(/^[^\s@,?]{1,64}@[^\s@,?]{1,255}$/, 'must be an e-mail address')
        .optional()
        .register(settingTexts, {
          kind: 'text',
          description: 'The address at which the ACME provider can reach the operator.',
          placeholder: 'address',
          example: 'operator@example.com',
          defaultText: 'none',
        }),
      httpListen: listenAddress().optional().register(settingTexts, {
        kind: 'text',
        description:
          'Answer HTTP-01 challenges at this address. The provider must be able to reach this address at port 80 of each host. Without this setting, the server uses TLS-ALPN-01, and the provider must reach `listen` at port 443.',
        placeholder: 'host:port',
        example: '0.0.0.0:80',
        defaultText: 'none',
      }),
      caFile: path().optional().register(settingTexts, {
        kind: 'text',
        description:
          'A PEM file with certificate authorities for the ACME provider, in addition to the authorities that the system trusts.',
        placeholder: 'file',
        example: '/etc/acrux/organisation-ca.pem',
        defaultText: 'none',
      }),
      eabKeyId: text(/^[\x21-\x7e]{1,512}$/, 'must be a key id')
        .optional()
        .register(settingTexts, {
          kind: 'text',
          description:
            'The key id for external account binding, if the provider requires it. Needs `tls.acme.eabKeyFile`.',
          placeholder: 'id',
          example: 'kid-1',
          defaultText: 'none',
        }),
      eabKeyFile: path().optional().register(settingTexts, {
        kind: 'text',
        description:
          'A file with the HMAC key for external account binding, in base64url as the provider shows it. Other users must not be able to read the file.',
        placeholder: 'file',
        example: '/etc/acrux/eab-key',
        defaultText: 'none',
      }),
    },
    { error: 'must be a mapping' },
  )
  .refine(({ directory, acceptTerms }) => directory === undefined || acceptTerms, {
    error: 'read the terms of service of the provider, and accept them: also set tls.acme.acceptTerms to true',
    path: ['directory'],
  })
  .refine(({ eabKeyId, eabKeyFile }) => (eabKeyId === undefined) === (eabKeyFile === undefined), {
    error: 'external account binding needs both tls.acme.eabKeyId and tls.acme.eabKeyFile',
    path: ['eabKeyId'],
  })
  .prefault({})

/** The settings in `tls`. */
export const tlsSettings = z.strictObject({ acme: acmeSettings }, { error: 'must be a mapping' }).prefault({})
