import { defineSettings } from '@streaks/shared/config/define-settings';
import { urlOf } from '@streaks/shared/config/setting-schemas';

/** What the demo can be told; listed in docs/config.md. */
export const demoSettings = defineSettings({
  INGEST_URL: {
    schema: urlOf(['http', 'https']),
    default: 'http://127.0.0.1:3001',
    description: 'Where the demo posts its sessions.',
  },
});
