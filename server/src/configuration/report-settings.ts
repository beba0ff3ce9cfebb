import { z } from 'zod'
import { settingTexts } from './setting-texts.ts'
import { text } from './setting-values.ts'

/** The settings in `reports`: reports that people attach to images. */
export const reportSettings = z
  .strictObject(
    {
      countFrom: z
        .array(
          text(/^[A-Za-z0-9._-]{1,128}$/, 'must be an object id, or the name of a scoped token or of a registry'),
          {
            error: 'must be one principal, or a list of principals',
          },
        )
        .max(64, { error: 'must name no more than 64 principals' })
        .default([])
        .register(settingTexts, {
          kind: 'list',
          description:
            'The principals whose attached vulnerability reports count in lists of images and repositories. An entry is an object id, the name of a scoped token or, for an admin account, the name of the registry. Reports of principals that are not listed appear only in the list of reports of an image. The server never verifies the content of a report. At the next start, a change of the setting also applies to earlier reports.',
          placeholder: 'principal',
          example: '0f2c7a52-5c53-4c27-9a5e-b6d5d7f0a7f1',
          defaultText: 'anyone who may push',
        }),
    },
    { error: 'must be a mapping' },
  )
  .prefault({})
