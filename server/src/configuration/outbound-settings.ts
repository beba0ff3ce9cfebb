import { z } from 'zod'
import { parseTokenService } from './network-address.ts'
import { settingTexts } from './setting-texts.ts'
import { addressRanges, parsed, path } from './setting-values.ts'

/** The settings in `outbound`: which other servers this server may connect to. */
export const outboundSettings = z
  .strictObject(
    {
      allowPrivateAddresses: z.boolean({ error: 'must be true or false' }).default(false).register(settingTexts, {
        kind: 'boolean',
        description:
          'Allow issuers of federated credentials, trusted tenants, source registries of imports and webhooks of the audit log at loopback and private addresses. Owners of applications and principals that may import can then make the server send requests to such addresses. Link-local addresses and the metadata addresses of clouds are never allowed.',
        placeholder: 'boolean',
        example: 'true',
      }),
      allowedNetworks: addressRanges().register(settingTexts, {
        kind: 'list',
        description:
          'Networks with allowed issuers, source registries and webhooks, regardless of `outbound.allowPrivateAddresses`.',
        placeholder: 'range',
        example: '10.20.0.0/16',
        defaultText: 'none',
      }),
      tokenServices: z
        .array(parsed(parseTokenService, 'must be REGISTRY=HOST, two hosts, with a port if it is not 443'), {
          error: 'must be a pair of hosts, or a list of pairs',
        })
        .max(64, { error: 'must name no more than 64 registries' })
        .default([])
        .register(settingTexts, {
          kind: 'list',
          description:
            'Source registries of imports with a token service on another host, each with the host of its token service. Credentials for the registry are also sent to the host of the token service. Docker Hub needs no entry. A registry whose host is below the host of its token service, such as `registry.gitlab.com`, also needs no entry.',
          placeholder: 'pair',
          example: 'registry.example.com=gitlab.example.com',
          defaultText: 'none',
        }),
      caFile: path().optional().register(settingTexts, {
        kind: 'text',
        description:
          'A PEM file with certificate authorities for issuers of federated credentials, trusted tenants, source registries and webhooks, in addition to the authorities that the system trusts.',
        placeholder: 'file',
        example: '/etc/acrux/organisation-ca.pem',
        defaultText: 'none',
      }),
    },
    { error: 'must be a mapping' },
  )
  .prefault({})
