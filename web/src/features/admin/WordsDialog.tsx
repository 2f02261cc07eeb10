/** The words of one message in one language: changed, looked at, put back. */

import { Button, Textarea } from '@mantine/core';
import { useState } from 'react';
import { Failure } from '../../fhir/Failure';
import { useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { TEXTS, type Template, VALUES, type Wording, unknownValues, usePreview, useReword } from './messages';

export function WordsDialog({ template, onClose }: { template: Template; onClose: () => void }) {
  const { t, locale } = useI18n();
  const [words, setWords] = useState<Wording>(template.wording);
  const save = useReword(template, onClose);
  const preview = usePreview(template.language);
  const wrong = TEXTS.filter((field) => unknownValues(field, words[field]).length > 0);
  const ready = wrong.length === 0 && TEXTS.every((field) => words[field].trim());
  const values = (field: keyof Wording) => VALUES[field].map((name) => `{${name}}`).join(' ');
  const told = (field: keyof Wording) => unknownValues(field, words[field]).map((name) => `{${name}}`).join(' ');
  return (
    <Dialog onClose={onClose} title={`${t(`words.intent.${template.intent}`)}, ${t(template.language === 'es' ? 'words.es' : 'words.en')}`}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) save.mutate(words);
        }}
      >
        {TEXTS.map((field) => (
          <Textarea
            key={field}
            label={t(`words.text.${field}`)}
            description={t('words.values', { values: values(field) })}
            error={wrong.includes(field) ? t('words.unknown', { values: told(field) }) : undefined}
            value={words[field]}
            lang={template.language}
            onChange={(event) => setWords({ ...words, [field]: event.currentTarget.value })}
            autosize
            minRows={1}
            required
          />
        ))}
        {preview.data && (
          <dl className="stack" lang={template.language}>
            {TEXTS.map((field) => (
              <div key={field}><dt className="quiet" lang={locale}>{t(`words.text.${field}`)}</dt><dd>{preview.data[field]}</dd></div>
            ))}
          </dl>
        )}
        {preview.isError && <Failure error={preview.error} />}
        {save.isError && <Failure error={save.error} />}
        <div className="form-actions">
          <Button type="submit" size="sm" disabled={!ready} loading={save.isPending}>{t('save')}</Button>
          <Button size="sm" variant="default" disabled={!ready} loading={preview.isPending} onClick={() => preview.mutate(words)}>{t('words.preview')}</Button>
          {!template.shipped && <Button size="sm" variant="default" loading={save.isPending} onClick={() => save.mutate(undefined)}>{t('words.restore')}</Button>}
        </div>
      </form>
    </Dialog>
  );
}
