### What the sales team reads in Telegram, in the group of [sales_chat].

## The card of a request

card-heading = 🚗 { $service } · № { $number }
card-heading-unfinished = 🕓 Не закончил: { $service } · № { $number }
card-sum = Сумма: { $sum }
card-name = Клиент: { $name }
card-phone = Телефон: { $phone }
card-source = Источник: { $source }
card-stopped-at = Остановился на вопросе: { $question }
card-taken = ✅ Взято: { $name }
card-taken-after = ✅ Взято: { $name }, через { $duration }
# Somebody whom the dealer's file no longer has.
card-former-member = пользователь { $id }
card-take = 🙋 Взять
card-open-deal = Открыть в amoCRM

## What a press on «Взять» says

take-done = Заявка ваша. Ответственный в amoCRM сейчас сменится.
take-yours-already = Эта заявка уже у вас.
take-too-late = Уже взято: { $name }.
take-gone = Этой заявки больше нет: клиент попросил удалить свои данные, или она слишком старая.
take-not-in-team = Кнопка работает только у менеджеров из файла автосалона (раздел [[team]], строка telegram_id).

## Nobody takes a request

escalation = ⏰ Заявку № { $number } никто не взял за { $duration } рабочего времени.
escalation-card = Карточка
