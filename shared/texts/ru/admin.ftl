### What admins read in their Telegram chat (ADMIN_CHAT_ID).

requests-count =
    { $count ->
        [one] { $count } заявка
        [few] { $count } заявки
       *[many] { $count } заявок
    }

## Trouble with amoCRM: it begins, it needs a person, it is over

trouble-started = ⚠️ Проблема с amoCRM с { $time }: { $reason }. Ещё не отправлено: { $requests }; бот повторяет попытки, пока они не уйдут.
trouble-needs-a-person = ⚠️ Проблема с amoCRM ждёт вас: { $reason }. Ещё не отправлено: { $requests }.
trouble-locked-out = 🔑 amoCRM не пускает бота. Ждут: { $requests }. Что сделать: { $remedy }
trouble-over =
    ✅ amoCRM снова принимает заявки, перерыв { $duration }.{ $count ->
        [0] { "" }
       *[other] { " " }Отправлено: { $requests }.
    }
duration-seconds = { $count } с
duration-minutes = { $count } мин
duration-hours = { $count } ч

## What is wrong

crm-error-rate-limit = слишком много запросов (HTTP 429)
crm-error-server = ошибка на стороне amoCRM ({ $codes })
crm-error-timeout = amoCRM не отвечает вовремя
crm-error-connection = нет связи с amoCRM
crm-error-unreadable = amoCRM отвечает так, что ответ нельзя прочитать
crm-error-tokens = бот не смог получить ключ доступа к amoCRM
crm-error-auth = amoCRM не пускает бота
crm-error-blocked = amoCRM заблокировал бота ({ $codes })
crm-error-closed = аккаунт amoCRM закрыт для бота ({ $codes })
crm-error-refused = amoCRM отказывает ({ $codes })
crm-error-slow = amoCRM отвечает слишком медленно
crm-error-worker-stopped = обработчики останавливались на полпути
crm-error-other = amoCRM не принимает заявки

## What to do about it

remedy-authorize = скопируйте новый код на странице интеграции и в течение 20 минут выполните: carquery amocrm authorize CODE
remedy-switch-on = проверьте, включена ли интеграция в amoCRM
remedy-new-token = создайте новый долгосрочный токен и задайте AMOCRM_LONG_LIVED_TOKEN
remedy-ask-support = напишите в поддержку amoCRM
remedy-pay = оплатите аккаунт amoCRM
remedy-correct-address = исправьте AMOCRM_BASE_URL или AMOCRM_SUBDOMAIN
remedy-grant-rights = проверьте, оплачен ли аккаунт и что в amoCRM разрешено интеграции и её пользователю

## A request

request-given-up = ❌ Заявка { $number } не передана в amoCRM (попыток: { $attempts }): { $reason }. Что именно не так: carquery leads show { $id }. Когда причина устранена: carquery leads retry { $id }
request-expires = ⏳ Заявка { $number } так и не передана в amoCRM, через 7 дней бот её удалит. Передать: carquery leads retry { $id }. Посмотреть: carquery leads show { $id }
photos-wait = ⚠️ Фото не загружаются в amoCRM ({ $reason }). Сами заявки передаются; фото бот загрузит позже.
photos-error-telegram = Telegram не отдаёт файл
photos-given-up = ⚠️ Фото к заявке { $number } не приложены к сделке ({ $reason }). Они остались в чате Telegram с клиентом (ID { $chat }).
drive-closed = ⚠️ amoCRM не принимает файлы: сделки приходят без фото, фото остаются в чатах Telegram. Дайте интеграции доступ к файлам, получите новый ключ и проверьте: carquery doctor

## Deleted customers

deleted-contact = 🗑 Клиент удалил свои данные в боте. В amoCRM остался его контакт (ID { $id }): удалите его вместе со сделками.
deleted-deals = 🗑 Клиент удалил свои данные в боте. В amoCRM остались его сделки (ID { $ids }): удалите их. Контакт в них может быть чужим, поэтому сначала проверьте его.
# Cards that Telegram did not let the bot clear: numbers of requests, with the address where it is known.
deleted-cards = 🗑 Клиент удалил свои данные в боте. В чате продаж ещё могут быть карточки его заявок, бот не смог их убрать: { $cards }. Удалите их, пожалуйста.

## More than usual

limit-unusual-requests = ⚠️ С { $time } за час пришло { $requests }, обычно около { $usual }. Посмотрите, настоящие ли они: это может быть реклама, а может и чья-то шутка.
limit-requests-refused = Больше { $max } за час бот не принимает: остальных просит отправить заявку позже.
limit-model-questions =
    ⚠️ Клиенты задали модели { $max ->
        [one] { $max } вопрос
        [few] { $max } вопроса
       *[many] { $max } вопросов
    } за день, больше файл автосалона не разрешает (model_questions_a_day). До { $time } отвечают встроенные правила.

## The model

model-outage =
    ⚠️ Модель не отвечает: за последний час на { $failed ->
        [one] { $failed } вопрос
        [few] { $failed } вопроса
       *[many] { $failed } вопросов
    } из { $asked } ответили встроенные правила. Клиенты ошибок не видят. Что сделать: проверьте carquery doctor. Модель могли отключить, мог закончиться ключ или деньги на счёте.
model-outage-over = ✅ Модель снова отвечает на вопросы клиентов, перерыв { $duration }.

## The sales chat

sales-chat-gone = ⚠️ С { $time } карточки заявок не попадают в чат продаж: бота нет в группе, или такой группы нет. Сделки в amoCRM создаются как обычно. Что сделать: добавьте бота в группу и проверьте chat_id в разделе [sales_chat] файла автосалона. Карточки за последние 6 часов придут сами.
sales-chat-refuses = ⚠️ С { $time } карточки заявок не попадают в чат продаж: Telegram их не принимает. Сделки в amoCRM создаются как обычно. Что сделать: разрешите боту писать в группе и присылать фото. Карточки за последние 6 часов придут сами.
sales-chat-works = ✅ Карточки заявок снова попадают в чат продаж, перерыв { $duration }.
sales-chat-moved = ℹ️ Чат продаж стал супергруппой, теперь его номер { $to }. Бот уже пишет туда. Что сделать: укажите chat_id = { $to } в разделе [sales_chat] файла автосалона.
talk-unreachable = ⚠️ Сообщения клиентов не доходят до чата продаж: Telegram их не принимает. Они ждут и уйдут сами, когда всё наладится. Что сделать: проверьте, что бот — администратор группы с правом управлять темами, темы включены, а chat_id в разделе [sales_chat] файла автосалона верный.
handover-given-up = ⚠️ Заявка № { $number } взята, но ответственный в amoCRM не сменился: { $reason }. Что сделать: смените ответственного в сделке сами и проверьте amocrm_user_id = { $user } (это тот, кто её взял) в разделе [[team]] файла автосалона.
escalation-unreachable = ⚠️ Заявку никто не взял, а сообщить об этом не удалось: бот не может написать в чат { $to }. Что сделать: пусть этот человек напишет боту /start (или добавьте бота в эту группу) и проверьте escalate_to в разделе [sales_chat] файла автосалона.

## Settings that the account does not take

settings-responsible-user = ⚠️ amoCRM не принимает ответственного: сделки получает ответственный по умолчанию. Исправьте AMOCRM_RESPONSIBLE_USER_ID.
settings-team-member = ⚠️ amoCRM не принимает сотрудника с номером { $user }: он отключён, или такого нет. Его заявки получают другие. Исправьте amocrm_user_id в разделе [[team]] файла автосалона или удалите этого сотрудника оттуда.
settings-pipeline = ⚠️ amoCRM не принимает воронку или этап: сделки попадают на первый этап главной воронки. Исправьте AMOCRM_PIPELINE_ID и AMOCRM_STATUS_ID (список: carquery amocrm pipelines).
settings-unfinished-stage = ⚠️ amoCRM не принимает этап для незаконченных заявок: их сделки попадают на обычный этап. Исправьте status_id в разделе [unfinished] файла автосалона (список: carquery amocrm pipelines).
settings-fields-unknown = ⚠️ В amoCRM нет полей: { $fields }. Их значения пишутся в примечание. Создайте поля командой carquery amocrm setup или исправьте AMOCRM_FIELD_…
settings-options-missing = ⚠️ В списках amoCRM нет нужного варианта: { $fields }. Он пишется в примечание. Добавьте в список вариант, как он стоит в примечании.
settings-source-option = Для SOURCE это «{ $source }».
settings-fields-of-wrong-type = ⚠️ Полям amoCRM не подходит тип: { $fields }. Значения пишутся в примечание. Укажите в AMOCRM_FIELD_… текстовые поля или уберите эти переменные и выполните carquery amocrm setup.

## Tokens

token-ends-soon =
    🔑 Долгосрочный токен amoCRM закончится через { $days ->
        [one] { $days } день
        [few] { $days } дня
       *[many] { $days } дней
    }. Создайте новый в ключах интеграции и задайте AMOCRM_LONG_LIVED_TOKEN.
token-has-ended = 🔑 Долгосрочный токен amoCRM закончился. Создайте новый в ключах интеграции и задайте AMOCRM_LONG_LIVED_TOKEN.

## Alarms of CloudWatch, by the end of their names: what is wrong, and what to do

alarm-started = 🔴 { $what } { $remedy } ({ $alarm })
alarm-over = 🟢 Прошло: { $what } ({ $alarm })
alarm-unknown = { $sign } { $alarm }: { $description }

alarm-dead-letters = Сообщение очереди не удалось обработать три раза. Заявки целы, они в таблице.
    .remedy = Посмотрите: carquery dlq show. Устраните причину, затем: carquery dlq redrive.
alarm-queue-stuck = Заявка ждёт отправки в amoCRM больше 5 минут.
    .remedy = Проверьте: carquery doctor. Если amoCRM отвечает, посмотрите журнал crm-push.
alarm-webhook-errors = Функция, которая отвечает клиентам, завершается с ошибкой. Telegram доставит сообщения ещё раз.
    .remedy = Посмотрите последнюю ошибку в журнале webhook. Началось после обновления — верните прежнюю версию.
alarm-api-5xx = Telegram получает ошибки 5xx и доставляет сообщения ещё раз, клиенты ждут.
    .remedy = Проверьте: carquery doctor. Обычно это DynamoDB или настройка.
alarm-api-4xx = Уже 15 минут бот отклоняет запросы (ошибки 4xx).
    .remedy = Проверьте: carquery telegram info. Если последняя ошибка Telegram — 401, секрет не совпадает и клиенты не получают ответов: carquery telegram set-webhook. Если ошибок нет, это посторонние запросы, делать ничего не нужно.
alarm-crm-push-errors = Функция, которая передаёт заявки в amoCRM, завершается с ошибкой. Заявки ждут, бот повторит.
    .remedy = Посмотрите журнал crm-push. Что ждёт: carquery leads list.
alarm-scheduled-errors = Не удаются повторы, обновление токенов или сообщения админам.
    .remedy = Посмотрите журнал scheduled.
alarm-schedule-silent = Расписание не работает уже 15 минут или больше: заявки не повторяются, токены не обновляются. Когда пройдёт, сообщения не будет.
    .remedy = Посмотрите журнал scheduled, проверьте, что расписание включено, и разверните бота ещё раз.
alarm-webhook-throttles = AWS не запускает функцию, которая отвечает клиентам: исчерпан лимит одновременных запусков. Клиенты ждут.
    .remedy = Посмотрите, что ещё работает в аккаунте AWS, или попросите больше в Service Quotas (Lambda, Concurrent executions).
alarm-crm-push-throttles = AWS не запускает функцию, которая передаёт заявки: исчерпан лимит одновременных запусков. Очередь повторит.
    .remedy = Посмотрите, что ещё работает в аккаунте AWS, или попросите больше в Service Quotas (Lambda, Concurrent executions).
alarm-scheduled-throttles = AWS не запускает расписание: исчерпан лимит одновременных запусков. Следующий запуск всё наверстает.
    .remedy = Посмотрите, что ещё работает в аккаунте AWS, или попросите больше в Service Quotas (Lambda, Concurrent executions).
alarm-slow-replies = Один клиент из ста ждёт ответа дольше 5 секунд.
    .remedy = Посмотрите «Replies» и «AI» на панели CloudWatch: медленно отвечает модель, Telegram или DynamoDB.
alarm-unsent-too-long = Заявка не передана в amoCRM больше 30 минут.
    .remedy = Почему: carquery leads list. Отвечает ли amoCRM: carquery amocrm check. Клиенту можно позвонить уже сейчас: carquery leads show ID.

## The commands of the admin chat, as Telegram lists them

introduction-admin-status = Что ещё не передано в amoCRM
introduction-admin-digest = Итоги за семь дней

## /status in the admin chat: what is not in amoCRM, and why

status-all-sent = ✅ Все заявки переданы в amoCRM.
status-heading = 📋 Не переданы в amoCRM
status-counts =
    Ждут отправки: { $waiting }
    Бот больше не пробует: { $dead }
status-trouble = ⚠️ amoCRM не принимает заявки с { $time }: { $reason }
status-request = № { $number } от { $time }
status-dead = ❌ Бот больше не пробует с { $time }
status-waiting = ⏳ Следующая попытка: { $time }
status-due = ⏳ Ждёт своей очереди
status-sending = 🚚 Отправляется сейчас
status-more = И ещё { $count }, они новее.
status-retry-one = 🔁 Повторить { $number }
status-retry-all = 🔁 Повторить все

## What a press on «Повторить» says

status-retried-one = Отправляю ещё раз.
status-retried-all =
    { $count ->
        [0] Повторять нечего.
       *[other] Отправляю ещё раз: { $count }.
    }
status-retry-not-needed = Эта заявка уже передана или отправляется.
status-retry-gone = Этой заявки больше нет.

## The digest: a week, in brackets the one before

digest-comes = Собираю итоги за семь дней. Пришлю в течение пяти минут.
digest-heading = 📊 Неделя { $from } – { $to }
digest-line = { $name }: { $count } (было { $before })
digest-requests = Заявки: { $count } (было { $before })
digest-sources = Откуда
digest-no-source = без ссылки
digest-others = другие
digest-forms = Анкеты
digest-funnel = Начали { $started }, отправили { $sent } ({ $share } %)
digest-left = Ушли: { $service }, «{ $step }» — { $count }
digest-confirmation = Проверка заявки
digest-rescued = Спасено: { $count } (было { $before }), закончили сами { $finished }, переданы незаконченными { $sent }
digest-team = Отдел продаж
digest-taken-after = До «Взять» обычно { $duration } (было { $before })
digest-not-taken = Никто не взял: { $count } (было { $before })
digest-deals = Сделки
digest-won = Выиграны: { $count } (было { $before })
digest-lost = Проиграны: { $count } (было { $before })
digest-no-reason = без причины
digest-questions = Вопросы боту
digest-without-model = Без модели: { $share } % из { $count } (было { $before })

## The picture of the digest

digest-picture = Анкеты за неделю
digest-days = { $from } – { $to }
digest-share = { $count } ({ $share } %)
digest-stop-started = Начали
digest-stop-name = Дошли до имени
digest-stop-confirmation = Дошли до проверки
digest-stop-sent = Отправили
