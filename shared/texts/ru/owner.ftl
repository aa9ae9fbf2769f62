### What the dealer's owner reads: the page of `carquery stats --html`.

report-title = Заявки из Telegram
report-period = { $days ->
        [one] За { $days } день
        [few] За { $days } дня
       *[other] За { $days } дней
    }: { $from } – { $to }
# The time zone is a name like Europe/Moscow.
report-made = Составлено { $at } ({ $zone })
report-empty = За это время никто не начинал заявку.

## The figures at the top

report-started = Начали заявку
report-sent = Отправили заявку
report-delivered = Передано в amoCRM
report-waiting = Ещё не переданы
report-time = До сделки в amoCRM
# Of those who began.
report-share = { $share } % от начавших
report-all-delivered = все заявки
report-some-delivered = из { $requests }
report-refused = из них amoCRM не приняла: { $dead }
report-time-note = обычно; дольше всего — { $slowest }

## The sections

report-days = Заявки по дням
report-most = Больше всего за день — { $requests } ({ $date }).
report-day = { $date }: { $requests }
report-in-amocrm = В amoCRM
report-day-waiting = Ждут
report-day-dead = Не приняты

report-funnel = Где останавливаются клиенты
report-funnel-note = Полоса — сколько клиентов дошли до вопроса. Справа — сколько остановились на нём и дальше не пошли.
report-confirm = Проверка заявки
report-finished = Отправили

report-sources = Откуда приходят
report-sources-note = Кто начал заявку, считается только по ссылкам.
report-source = Источник
report-source-started = Начали
report-source-name = Дошли до имени
report-source-confirm = Дошли до проверки
report-source-sent = Отправили
report-no-link = Без ссылки
report-others = Остальные
# Where nothing is counted.
report-unknown = –

report-delivery = Передача в amoCRM
report-delivery-note = Вместе с незаконченными заявками. Время — от кнопки «Отправить» до сделки.
report-service = Услуга
report-requests = Заявок
report-median = Обычно
report-slowest = Дольше всего

report-questions = Вопросы боту
report-questions-note = Сколько вопросов клиентов разобрала языковая модель, а на сколько ответили встроенные правила.
report-by-model = Модель
report-by-rules = Встроенные правила
