### What the sales team reads in Telegram, in the group of [sales_chat], and what customers read from it.

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
card-forgotten = 🗑 Заявка № { $number }: клиент попросил удалить свои данные.
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

## A talk with a customer, in the customer's topic

team-called =
    👤 Клиент зовёт человека.

    Всё, что вы напишете в этой теме, получит клиент — от вашего имени. Его ответы появятся здесь. Бот пока молчит. Закончить разговор: /close
    .form = Заявка «{ $service }» не закончена, шаг «{ $stop }».
    .asked = Перед этим клиент спрашивал:
team-topic-again = Прежней темы больше нет, разговор с клиентом продолжается здесь. Всё, что вы напишете в этой теме, получит он. Закончить разговор: /close
team-customer-left = Клиент вернулся к боту. Если напишете сюда ещё, он всё равно получит.
team-talk-over = Больше 12 часов тишины: клиенту снова отвечает бот. Напишете сюда — разговор продолжится.
team-closed = Разговор закончен: клиенту снова отвечает бот. Напишете сюда ещё — разговор начнётся снова.
team-nothing-to-close = Разговор уже закончен: клиенту отвечает бот.
team-unknown-command = Такой команды здесь нет, клиенту ничего не отправлено. Закончить разговор: /close
team-stranger = Не отправлено: писать клиентам могут только сотрудники, у которых в файле автосалона указан telegram_id. Анонимные администраторы — не могут.
team-banned = Не отправлено: этот клиент в чёрном списке бота.
team-no-consent = Не отправлено: клиент не давал согласия на обработку данных или отозвал его, поэтому первым писать ему нельзя.
team-blocked = Не доставлено: клиент заблокировал бота или удалил аккаунт. Свяжитесь с ним иначе.
team-not-copied = Не отправлено: такое сообщение Telegram передать не даёт. Попробуйте текстом.
team-stray-topic = Никому не отправлено: у этой темы нет клиента. Такую тему можно удалить.
team-forgotten = Клиент попросил удалить его данные. Бот забыл и клиента, и эту тему: отсюда ему больше ничего не придёт. Удалите, пожалуйста, тему, если переписка не нужна.
# What the topic is called from then on.
team-forgotten-topic = Клиент удалил данные

## A talk, as both sides read it

talk-author = { $author }: { $text }
talk-edited = ✏️ Исправлено: { $text }
talk-not-copied = Это сообщение передать не получилось: Telegram такое не пересылает. Напишите, пожалуйста, текстом.
talk-delayed = Сообщение пока не дошло до менеджеров: у нас неполадка. Оно не потеряется — передам, как только смогу.
