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
            "The directory URL of the ACME provider, such as Let's Encrypt, from which the server gets and renews certificates. The server orders one certificate for `publicHost` and one for each login server that is a public name. For a host without a certificate from the provider, the server uses a certificate that the server created. See [certificates from an ACME provider](../how-to/acme.md).",
          placeholder: 'url',
          example: 'https://acme-v02.api.letsencrypt.org/directory',
          defaultText: 'none',
        }),
      acceptTerms: z.boolean({ error: 'must be true or false' }).default(false).register(settingTexts, {
        kind: 'boolean',
        description:
          'Whether you accept the terms of service of the ACME provider. `tls.acme.directory` requires `true`.',
        placeholder: 'boolean',
        example: 'true',
      }),
      email: text(/^[^\s@,?]{1,64}@[^\s@,?]{1,255}$/, 'must be an e-mail address')
        .optional()
        .register(settingTexts, {
          kind: 'text',
          description: 'The e-mail address at which the ACME provider can reach the operator.',
          placeholder: 'address',
          example: 'operator@example.com',
          defaultText: 'none',
        }),
      httpListen: listenAddress().optional().register(settingTexts, {
        kind: 'text',
        description:
          'The address at which the server answers HTTP-01 challenges. The ACME provider must be able to reach this address through port 80 of each host. Without this setting, the server uses TLS-ALPN-01 challenges, and the ACME provider must be able to reach the `listen` address through port 443.',
        placeholder: 'host:port',
        example: '0.0.0.0:80',
        defaultText: 'none',
      }),
      caFile: path().optional().register(settingTexts, {
        kind: 'text',
        description:
          "A PEM file with certificate authorities that the server trusts for connections to the ACME provider, in addition to the system's certificate authorities.",
        placeholder: 'file',
        example: '/etc/acrux/organisation-ca.pem',
        defaultText: 'none',
      }),
      eabKeyId: text(/^[\x21-\x7e]{1,512}$/, 'must be a key id')
        .optional()
        .register(settingTexts, {
          kind: 'text',
          description:
            'The key id for external account binding, which some ACME providers require. Needs `tls.acme.eabKeyFile`.',
          placeholder: 'id',
          example: 'kid-1',
          defaultText: 'none',
        }),
      eabKeyFile: path().optional().register(settingTexts, {
        kind: 'text',
        description:
          'A file with the HMAC key for external account binding, in base64url encoding. Only the user that runs the server may have permission to read the file.',
        placeholder: 'file',
        example: '/etc/acrux/eab-key',
        defaultText: 'none',
      }),
    },
    { error: 'must be a mapping' },
  )
  .refine(({ directory, acceptTerms }) => directory === undefined || acceptTerms, {
    error: 'read the terms of service of the ACME provider, and set tls.acme.acceptTerms to true to accept the terms',
    path: ['directory'],
  })
  .refine(({ eabKeyId, eabKeyFile }) => (eabKeyId === undefined) === (eabKeyFile === undefined), {
    error: 'external account binding needs both tls.acme.eabKeyId and tls.acme.eabKeyFile',
    path: ['eabKeyId'],
  })
  .prefault({})

/** The settings in `tls`. */
export const tlsSettings = z.strictObject({ acme: acmeSettings }, { error: 'must be a mapping' }).prefault({})
