### What managers read in amoCRM.

## Custom fields: how setup names them in the card

field-TELEGRAM_ID = Telegram ID
field-TELEGRAM_USERNAME = Telegram username
field-SERVICE_TYPE = Тип услуги
field-CAR_BRAND = Марка
field-CAR_MODEL = Модель
field-CAR_YEAR = Год выпуска
field-BUDGET = Бюджет
field-MILEAGE = Пробег
field-TRANSMISSION = Коробка передач
field-DRIVE_TYPE = Привод
field-BODY_TYPE = Кузов
field-VIN_NUMBER = VIN или госномер
field-CHECK_TYPE = Вид проверки
field-SOURCE = Источник
field-REQUEST_ID = Номер заявки

## The deal

deal-unfinished = Не закончил: { $name }
deal-price = Сумма сделки

## The note on a deal

note-heading = Заявка № { $number }
note-heading-unfinished = Заявка № { $number } не закончена
note-heading-completed = Заявка № { $number } закончена
note-heading-part = { $heading }, часть { $part } из { $parts }
note-stopped-at = Остановился на вопросе: { $question }
# On a deal that was there before the request.
note-joined = Повторная заявка: эта сделка у клиента уже открыта.
note-differences = В сделке указано иначе, оставлено как есть:
note-difference = { $field }: { $held }, клиент ответил: { $said }
note-fields-left = Не поместилось в поля сделки:
note-name = Имя: { $name }
note-phone-confirmed = Телефон: { $phone } (номер подтверждён Telegram)
note-phone-of-other-contact = Телефон: { $phone } (номер из чужого контакта)
note-phone-typed = Телефон: { $phone } (введён вручную, не подтверждён)
note-phone-earlier = Раньше был указан другой номер: { $phone }
note-telegram-id = Telegram ID: { $id }
note-telegram-username = Telegram: @{ $username }
note-source = Пришёл по ссылке: { $source }
note-photos = Фото: { $count }
note-voices = Голосовые сообщения: { $count }
note-consent = Согласие на обработку данных: { $time }, версия { $version }
note-photos-missing =
    Фото к заявке № { $number }
    Приложить не удалось { $missing } из { $all }. Они остались в чате Telegram с клиентом (ID { $chat }): попросите его прислать их ещё раз.
    .with-voice =
    Фото и голосовые сообщения к заявке № { $number }
    Приложить не удалось { $missing } из { $all }. Они остались в чате Telegram с клиентом (ID { $chat }): попросите его прислать их ещё раз.

## The call-back task

task-call = Перезвонить: { $name }, { $phone }. { $service }, заявка № { $number }
    .unfinished = Перезвонить: { $name }, { $phone }. Не закончил заявку № { $number } ({ $service }), остановился на вопросе «{ $question }»

## The note with a talk between customer and team

talk-note = Разговор в Telegram № { $number }
    .customer = Клиент
    .edited = (исправлено)
talk-media =
    .photo = [фото]
    .voice = [голосовое сообщение]
    .video = [видео]
    .file = [файл]
    .sticker = [стикер]
    .contact = [контакт]
    .location = [геопозиция]
    .other = [сообщение]
