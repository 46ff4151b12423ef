import { useEffect, useRef, useState } from "react";
import type { Box, Image, MessageWithItems } from "chat-archive";
import { archive } from "./backend.ts";
import { pictureUrl } from "./picture_urls.ts";
import { useText } from "./strings.ts";
import { useNear } from "./widgets.tsx";

/** A place in a document. */
export interface Place {
  document_id: string | null;
  page_number: number;
  boxes: Box[];
}

/** Boxes over a picture or a page, as fractions of it. */
export function Boxes({ boxes }: { boxes: Box[] }) {
  const percent = (value: number) => `${100 * value}%`;
  return boxes.map(([x0, y0, x1, y1]) => (
    <span
      key={`${x0} ${y0}`}
      className="box"
      style={{
        left: percent(x0),
        top: percent(y0),
        width: percent(x1 - x0),
        height: percent(y1 - y0),
      }}
    />
  ));
}

/** The picture's address, once it comes near. */
function usePicture({ id }: Image) {
  const [url, setUrl] = useState<string>();
  const element = useRef<HTMLButtonElement>(null);
  const isHere = useRef(true);
  useEffect(() => () => void (isHere.current = false), []);
  useNear(element, (isNear) => {
    if (isNear && !url) {
      pictureUrl(id).then((found) => isHere.current && setUrl(found), () => {});
    }
  });
  return { element, url };
}

/** A page, crop or viewport, with the boxes of what was found on it. */
function Picture(
  { image, message, onPlace }: {
    image: Image;
    message: MessageWithItems;
    onPlace: (place: Place) => void;
  },
) {
  const t = useText();
  const { element, url } = usePicture(image);
  const page_number = image.page_number ?? 1;
  const label = `${t.page(page_number)}, ${t.imageTypes[image.image_type] ?? image.image_type}`;
  const hits = message.search_results.filter((hit) => archive.boxesOn(image, hit).length > 0);
  const place = () => ({
    document_id: image.document_id,
    page_number,
    boxes: hits.length > 0
      ? hits.flatMap(({ coords_norm }) => coords_norm ?? [])
      : image.coords_norm
      ? [image.coords_norm]
      : [],
  });
  return (
    <figure>
      <button
        ref={element}
        type="button"
        className="picture"
        data-type={image.image_type}
        aria-label={`${label}. ${t.showPlace(page_number)}`}
        style={{ aspectRatio: `${image.width ?? 4} / ${image.height ?? 3}` }}
        onClick={() => onPlace(place())}
      >
        {url && (
          <img
            src={url}
            alt=""
            width={image.width ?? undefined}
            height={image.height ?? undefined}
          />
        )}
        <Boxes boxes={hits.flatMap((hit) => archive.boxesOn(image, hit))} />
      </button>
      <figcaption>{label}</figcaption>
    </figure>
  );
}

/** What an answer quotes, and the pictures of it. */
export function Passages(
  { message, onPlace }: {
    message: MessageWithItems;
    onPlace: (place: Place) => void;
  },
) {
  const t = useText();
  const { search_results, images } = message;
  if (search_results.length + images.length === 0) return null;
  return (
    <div className="passages">
      {search_results.length > 0 && (
        <ul aria-label={t.passages}>
          {search_results.map((hit) => (
            <li key={hit.id}>
              <button
                type="button"
                className="passage"
                onClick={() => onPlace({ ...hit, boxes: hit.coords_norm ?? [] })}
              >
                <strong>{t.page(hit.page_number)}</strong>
                {hit.score !== null && <span className="score">{hit.score.toFixed(1)}</span>}
                <span className="quote">{hit.block_text}</span>
                <span className="hidden-text">
                  {t.showPlace(hit.page_number)}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {images.length > 0 && (
        <div className="pictures" role="group" aria-label={t.images}>
          {images.map((image) => (
            <Picture
              key={image.id}
              image={image}
              message={message}
              onPlace={onPlace}
            />
          ))}
        </div>
      )}
    </div>
  );
}
